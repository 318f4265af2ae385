/**
 * Widths of text without a browser, from the advance widths of Arial and of the fonts made to its measure (Helvetica,
 * Liberation Sans). The pictures ask for those first; with any other font `textLength` in the SVG holds a text to what
 * was measured here.
 */
export interface Font {
  readonly size: number;
  readonly bold: boolean;
}

/** Thousandths of the font size, for the characters from U+0020 to U+007E. */
const REGULAR =
  widths(`278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556
  556 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722
  667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333
  500 278 556 500 722 500 500 500 334 260 334 584`);
const BOLD = widths(`278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556
  556 333 333 584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 667 778 722 667 611 722
  667 944 667 667 611 333 278 333 584 556 333 556 611 556 611 556 333 611 611 278 278 556 278 889 611 611 611 611 389
  556 333 611 556 778 556 556 500 389 280 389 584`);
/** An arrow is the widest character a picture has. */
const WIDEST = 1000;

export const FONT_FAMILY = `Arial, Helvetica, 'Liberation Sans', Arimo, sans-serif`;

export function textWidth(text: string, { size, bold }: Font): number {
  const table = bold ? BOLD : REGULAR;
  return ([...text].reduce((sum, char) => sum + (table[char.charCodeAt(0) - 32] ?? WIDEST), 0) * size) / 1000;
}

function widths(table: string): number[] {
  return table.split(/\s+/).map(Number);
}
