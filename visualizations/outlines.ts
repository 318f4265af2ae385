import { escape, fixed } from './markup.js';
import { glyphsIn, type Font } from './text.js';

/**
 * The texts of one picture as outlines. A renderer would draw a text element with a font of its own choice, and librsvg
 * ignores `textLength`: words would leave their boxes. Each glyph is defined once and used wherever it stands.
 */
export class Outlines {
  readonly #definitions = new Map<string, string>();

  /** A text that begins at x on the baseline y. `data-text` keeps the words for searches in the file and for tests. */
  draw(text: string, font: Font, role: string, x: number, y: number): string {
    let left = 0;
    const uses = glyphsIn(text, font).map(({ id, width, outline }) => {
      const place = left === 0 ? '' : ` x="${left}"`;
      left += width;
      if (outline === '') return '';
      this.#definitions.set(id, `<path id="${id}" d="${outline}"/>`);
      return `<use href="#${id}"${place}/>`;
    });
    return `<g class="${role}" transform="translate(${fixed(x)} ${fixed(y)})scale(${font.size / 1000})" data-text="${escape(text)}">${uses.join('')}</g>`;
  }

  /** The glyphs that were drawn, for the picture's `defs`. */
  get definitions(): readonly string[] {
    return [...this.#definitions].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, definition]) => definition);
  }
}
