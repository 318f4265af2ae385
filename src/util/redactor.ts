/** Shortest text that is taken for a token: a bot's has 59 characters or more, and the text `any` is part of other words. */
const MIN_TOKEN_LENGTH = 20;

/** Shortest last part of a token that is a secret by itself: a bot's has 27 characters or more. */
const MIN_SIGNATURE_LENGTH = 16;

/**
 * Returns a function that replaces the token in a text: as it is, with any of its characters escaped as in JSON
 * (`\u004d`), and its signature (the part behind the last dot) alone. Too short to be a token, a text such as `test` is no
 * secret and replaced nowhere.
 */
export function redactor(token: string): (text: string) => string {
  if (!isSecret(token)) return (text) => text;
  const signature = token.slice(token.lastIndexOf('.') + 1);
  const secrets = signature.length >= MIN_SIGNATURE_LENGTH ? [token, signature] : [token];
  // Most texts have no escape, and are spared the longer search.
  return (text) =>
    text.includes('\\u')
      ? text.replaceAll(formsOf(secrets), '[redacted]')
      : secrets.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text);
}

/** True for a text that may be a bot's token by its length. */
export function isSecret(token: string): boolean {
  return token.length >= MIN_TOKEN_LENGTH;
}

/** A pattern of the secrets in which each character is written as it is or as a JSON escape. */
function formsOf(secrets: readonly string[]): RegExp {
  const forms = secrets.map((secret) => Array.from(secret, formsOfCharacter).join(''));
  return new RegExp(forms.join('|'), 'g');
}

function formsOfCharacter(character: string): string {
  const hex = character.charCodeAt(0).toString(16).padStart(4, '0');
  const anyCase = hex.replaceAll(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
  // Written as a code, so that no character of the token is one of the pattern.
  return `(?:\\u${hex}|\\\\u${anyCase})`;
}
