import { describe, expect, test } from 'vitest';
import { redactor } from '../../src/util/redactor.js';

const TOKEN = 'MTIzNDU2Nzg5MDEyMzQ1Njc4.Gobvio.us-fake_signature-of-a-bot-0123456789';
const redact = redactor(TOKEN);

const escaped = (text: string, pick: (index: number) => boolean, upper = false) =>
  Array.from(text, (character, index) => {
    const hex = character.charCodeAt(0).toString(16).padStart(4, '0');
    return pick(index) ? `\\u${upper ? hex.toUpperCase() : hex}` : character;
  }).join('');

describe('the redactor', () => {
  test.each([
    ['the token as it is', TOKEN],
    ['the token with its first letter escaped as in JSON', escaped(TOKEN, (index) => index === 0)],
    ['the token with every letter escaped', escaped(TOKEN, () => true)],
    ['the token with every second letter escaped, in upper case', escaped(TOKEN, (index) => index % 2 === 0, true)],
    ['the signature alone', TOKEN.split('.')[2] as string],
    ['the signature alone, escaped', escaped(TOKEN.split('.')[2] as string, (index) => index === 3)],
  ])('%s: is replaced', (_, secret) => {
    expect(redact(`before ${secret} after`)).toBe('before [redacted] after');
  });

  test('a text with other escapes stays as it is', () => {
    expect(redact('caf\\u00e9 \\u004d \\u00')).toBe('caf\\u00e9 \\u004d \\u00');
  });

  test('a token with characters of a pattern is redacted as it is, escaped or not', () => {
    const odd = redactor('odd.token.of.some.length.b$&c[');
    expect(odd('say odd.token.of.some.length.b$&c[, not axb')).toBe('say [redacted], not axb');
    expect(odd('say odd\\u002etoken.of.some.length.b$&c[, not a\\u0020b')).toBe('say [redacted], not a\\u0020b');
  });

  test.each(['any', 'm', 'fake-token'])('a token too short to be one (%j) garbles no text', (short) => {
    const text = 'The bot is in too many guilds for this many shards: fake-tokens';
    expect(redactor(short)(text)).toBe(text);
  });
});
