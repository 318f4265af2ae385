/** A coordinate as a picture has it: one decimal, so that the pictures do not change with the platform. */
export const fixed = (value: number): string => String(Math.round(value * 10) / 10);

export const escape = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
