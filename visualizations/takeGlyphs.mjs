// Writes glyphs.ts from two files of a font: node visualizations/takeGlyphs.mjs Inter-Regular.otf Inter-SemiBold.otf
// Only this script needs opentype.js: npm install --no-save opentype.js. Debian's package fonts-inter has the font.
import { readFileSync, writeFileSync } from 'node:fs';
import opentype from 'opentype.js';

const EM = 1000;
const CHARACTERS = [...Array.from({ length: 95 }, (_, index) => 0x20 + index), 0x2192].map((code) =>
  String.fromCodePoint(code),
);

const round = ({ x, y }) => ({ x: Math.round(x), y: Math.round(y) });

/** Relative commands and whole numbers: the least a path can be written in. */
function written(commands) {
  let at = { x: 0, y: 0 };
  const delta = ({ x, y }) => `${x - at.x} ${y - at.y}`;
  return commands
    .map(({ type, x, y, x1, y1, x2, y2 }) => {
      if (type === 'Z') return 'z';
      const end = round({ x, y });
      const points = [
        ...(x1 === undefined ? [] : [round({ x: x1, y: y1 })]),
        ...(x2 === undefined ? [] : [round({ x: x2, y: y2 })]),
        end,
      ];
      const isUpright = type === 'L' && end.x === at.x;
      const isLevel = type === 'L' && end.y === at.y;
      const command =
        type === 'M'
          ? `M${end.x} ${end.y}`
          : isUpright
            ? `v${end.y - at.y}`
            : isLevel
              ? `h${end.x - at.x}`
              : `${type.toLowerCase()}${points.map(delta).join(' ')}`;
      at = end;
      return command;
    })
    .join('')
    .replaceAll(' -', '-');
}

function glyphs(file) {
  const { buffer } = new Uint8Array(readFileSync(file));
  const font = opentype.parse(buffer);
  return CHARACTERS.map((character) => {
    const glyph = font.charToGlyph(character);
    if (glyph.index === 0) throw new Error(`${file} has no glyph for ${character}. Choose a font that has one.`);
    const code = character.codePointAt(0).toString(16).padStart(4, '0');
    const width = Math.round((glyph.advanceWidth * EM) / font.unitsPerEm);
    return `${code} ${width} ${written(glyph.getPath(0, 0, EM).commands)}`.trim();
  });
}

const [regular, bold] = process.argv.slice(2).map(glyphs);
if (bold === undefined) throw new Error('Name two font files: the regular weight, then the bold one.');

writeFileSync(
  new URL('glyphs.ts', import.meta.url),
  `/**
 * Outlines of Inter, regular and semibold, for the characters from U+0020 to U+007E and the arrow U+2192: a line each,
 * with the code point, the advance width in thousandths of the font size, and the path in the same unit. Written by
 * takeGlyphs.mjs. Inter is by The Inter Project Authors (https://github.com/rsms/inter), under the SIL Open Font License 1.1,
 * which asks nothing of documents made with it.
 */
export const REGULAR = \`
${regular.join('\n')}
\`;

export const BOLD = \`
${bold.join('\n')}
\`;
`,
);
