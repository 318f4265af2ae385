import { expect, test } from 'vitest';
import { adviceFor } from '../../src/protocol/advice.js';
import { closeCodes } from '../../src/protocol/closeCodes.js';

const identifiedWith = { intents: 1, id: 3, total: 4 };

test.each([
  [4001, identifiedWith, /does not know an opcode/],
  [4003, identifiedWith, /intents were changed in the Developer Portal/],
  [4004, identifiedWith, /token/],
  [
    4010,
    identifiedWith,
    /^\[3, 4\] was sent\. The id must be below the total\. .*multiple of the number that Discord assigned/,
  ],
  [4011, identifiedWith, /^The total sent was 4\. .*GET \/gateway\/bot/],
  [4013, { ...identifiedWith, intents: 2 ** 17 + 1 }, /^The intents sent were 131073; no intent has bit 17\. /],
  [4013, { ...identifiedWith, intents: 2 ** 17 + 2 ** 18 + 2 ** 30 }, /no intent has bit 17, 18, 30\. /],
  [4013, identifiedWith, /^The intents sent were 1\. /],
  [
    4014,
    { ...identifiedWith, intents: 2 + 256 },
    /^The privileged intents passed were GuildMembers and GuildPresences\. .*each year/,
  ],
  [
    4014,
    { ...identifiedWith, intents: 2 + 256 + 32_768 },
    /^The privileged intents passed were GuildMembers, GuildPresences, MessageContent\. /,
  ],
  [4014, identifiedWith, /^Enable every privileged intent/],
])('%d after %j: %s', (code, sent, advice) => {
  expect(adviceFor(code, sent)).toMatch(advice);
});

test('1006 and an unknown code have no advice', () => {
  expect([adviceFor(1006, identifiedWith), adviceFor(4999, identifiedWith)]).toEqual([null, null]);
});

test('every fatal code has advice', () => {
  const fatal = Object.entries(closeCodes).filter(([, row]) => row.action === 'fatal');
  expect(fatal.filter(([code]) => adviceFor(Number(code), identifiedWith) === null)).toEqual([]);
});
