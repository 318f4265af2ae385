/** The number of an option of a command line. @throws Error for text that is no whole number from 1 */
export function countOption(text, name) {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new Error(`--${name} is ${text}. Give a whole number from 1.`);
}
