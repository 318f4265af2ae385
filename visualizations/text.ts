import { BOLD, REGULAR } from './glyphs.js';

export interface Font {
  readonly size: number;
  readonly bold: boolean;
}

export interface Glyph {
  readonly id: string;
  /** Thousandths of the font size, like the outline. */
  readonly width: number;
  readonly outline: string;
}

const FACES = { regular: glyphsOf('r', REGULAR), bold: glyphsOf('b', BOLD) } as const;

/** Width of a text, in pixels. */
export function textWidth(text: string, font: Font): number {
  return (glyphsIn(text, font).reduce((sum, { width }) => sum + width, 0) * font.size) / 1000;
}

/** Throws where the font's table has no outline for a character. */
export function glyphsIn(text: string, { bold }: Font): Glyph[] {
  const face = bold ? FACES.bold : FACES.regular;
  return [...text].map((character) => {
    const glyph = face.get(character);
    if (glyph !== undefined) return glyph;
    throw new Error(
      `glyphs.ts has no outline of "${character}" in "${text}". Add the character to takeGlyphs.mjs and run that.`,
    );
  });
}

function glyphsOf(face: string, table: string): ReadonlyMap<string, Glyph> {
  return new Map(
    table
      .trim()
      .split('\n')
      .map((line) => {
        const [code = '', width, ...outline] = line.split(' ');
        const glyph = { id: `${face}${code.replace(/^0+/, '')}`, width: Number(width), outline: outline.join(' ') };
        return [String.fromCodePoint(Number.parseInt(code, 16)), glyph];
      }),
  );
}
