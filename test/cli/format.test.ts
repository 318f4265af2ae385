import { createColors } from 'picocolors';
import { describe, expect, test } from 'vitest';
import { printable, fill, labelled, sinceStart, TransitionPrinter } from '../../src/cli/terminal/format.js';
import { createOutput, writeJson } from '../../src/cli/terminal/output.js';
import { applyFault } from '../../src/cli/applyFault.js';
import { tokenFrom } from '../../src/cli/environment.js';
import { parseIntents } from '../../src/cli/parseIntents.js';
import { ESCAPE } from './command.js';

/** A stream that keeps what is written to it. */
function stream(isTTY: boolean, columns = 80) {
  const written: string[] = [];
  return {
    isTTY: isTTY || undefined,
    columns,
    write: (text: string) => written.push(text),
    written,
  } as unknown as NodeJS.WriteStream & {
    written: string[];
  };
}

const isColored = (isTTY: boolean, env: Record<string, string>) =>
  createOutput(stream(isTTY), env).colors.isColorSupported;

describe('createOutput', () => {
  test.each<[boolean, boolean, Record<string, string>]>([
    [true, true, {}],
    [false, false, {}],
    [false, false, { CI: 'true' }],
    [false, true, { TERM: 'dumb' }],
    [false, true, { NO_COLOR: '1' }],
    [false, true, { NO_COLOR: '1', FORCE_COLOR: '1' }],
    [true, false, { FORCE_COLOR: '1' }],
    [false, true, { FORCE_COLOR: '0' }],
  ])('coloured: %s, where a terminal: %s and %o', (expected, isTTY, env) => {
    expect(isColored(isTTY, env)).toBe(expected);
  });

  test('the status line stays below the lines, on a terminal only', () => {
    const terminal = stream(true);
    const output = createOutput(terminal, {});
    output.status('busy');
    output.line('one');
    output.status(null);
    expect(terminal.written.join('')).toMatch(/busy.*one\n.*busy/s);
    expect(terminal.written.at(-1)).toBe(`\r${ESCAPE}2K`);
    const pipe = stream(false);
    createOutput(pipe, {}).status('busy');
    expect(pipe.written).toEqual([]);
  });
});

test('transitions are aligned, with their reason and what follows', () => {
  const lines: string[] = [];
  const output = { colors: createColors(false), columns: 80, line: (text = '') => void lines.push(text), status() {} };
  const printer = new TransitionPrinter(output, sinceStart(1_000));
  const common = { shardId: 0, event: { type: 'heartbeat.due' }, session: null };
  printer.print({
    ...common,
    at: 3_500,
    from: 'Connected',
    to: 'Disconnected',
    decision: {
      action: 'resume',
      code: 4900,
      reason: 'zombie: no heartbeat ack between two beats',
      attempt: 2,
      delay: 7,
    },
  });
  printer.print({
    ...common,
    at: 13_500,
    from: 'Disconnected',
    to: 'Connecting',
    event: { type: 'xstate.after.decided.shard.Disconnected' },
    decision: null,
  });
  expect(lines).toEqual([
    '  2.50s  shard 0  Connected    -> Disconnected  zombie: no heartbeat ack between',
    '                                                two beats · code 4900',
    '                                                resume in 7 ms · after attempt 1',
    ' 12.50s  shard 0  Disconnected -> Connecting    to the resume URL',
  ]);
});

test('parts are broken only where they do not fit a line', () => {
  expect(fill(['one two', 'three', 'four five six'], 15)).toEqual(['one two · three', 'four five six']);
  expect(fill(['a word toolongforit'], 6)).toEqual(['a word', 'toolongforit']);
});

test('labels are aligned at the colon', () => {
  expect(labelled({ lost: 0, transitions: 12 })).toEqual(['       lost: 0', 'transitions: 12']);
});

test('intents are parsed from a number or from names', () => {
  expect(parseIntents('33281')).toBe(33_281);
  expect(parseIntents('Guilds, guildmessages,MESSAGE_CONTENT')).toBe(33_281);
  expect(() => parseIntents('Guilds,')).toThrow(/no intent ""/);
});

describe('the token of the environment', () => {
  test('is trimmed, and null where it is empty', () => {
    expect(tokenFrom({ DISCORD_TOKEN: ' a.b.c\n' })).toBe('a.b.c');
    expect([tokenFrom({}), tokenFrom({ DISCORD_TOKEN: ' ' })]).toEqual([null, null]);
  });

  test.each(['"a.b.c"', "'a.b.c'"])('%s in quotes is refused without being shown', (token) => {
    let message = '';
    try {
      tokenFrom({ DISCORD_TOKEN: token });
    } catch (error) {
      ({ message } = error as Error);
    }
    expect(message).toContain('has quotes around it');
    expect(message).not.toContain('a.b.c');
  });
});

describe('a typed line', () => {
  const met: unknown[] = [];
  const simulator = { apply: (...call: unknown[]) => met.push(call) };

  test('is applied to one shard, or to all without an id', () => {
    expect(applyFault(simulator, ' op9! 1 ')).toBeNull();
    expect(applyFault(simulator, 'close 4014')).toBeNull();
    expect(met).toEqual([
      [{ invalidSession: false }, 1],
      [{ closeWith: 4014 }, undefined],
    ]);
  });

  test('help, or a question mark, lists the faults', () => {
    for (const line of ['help', '?'])
      expect(applyFault(simulator, line)).toMatch(/^Faults: drop.*close CODE.*"drop 0"/);
  });

  test('with an unknown name, shard or code is answered with an explanation', () => {
    expect(applyFault(simulator, '')).toBeNull();
    expect(applyFault(simulator, 'toString')).toContain('There is no fault "toString"');
    for (const line of ['close', 'close all', 'close 999', 'close 0x1000'])
      expect(applyFault(simulator, line)).toMatch(/^"close" needs a close code from 1000 to 4999, as in "close 4000"/);
    expect(met).toHaveLength(2);
    expect(applyFault(simulator, 'drop all')).toBe('"all" is not a shard id. Use a number, as in "drop 1".');
  });
});

describe('a foreign text on a terminal', () => {
  test.each([
    ['a C1 command', 'a\u009B2Jb', 'a\\u009b2Jb'],
    ['an override of the direction', 'a\u202Eb\u2066c', 'a\\u202eb\\u2066c'],
    ['a space that does not show', 'a\u200Bb', 'a\\u200bb'],
    ['other ends of a line', 'a\u2028b\u2029c\u0007d', 'a\\u2028b\\u2029c\\u0007d'],
    ['words in any script', 'größer 世界', 'größer 世界'],
  ])('%s is written out', (_, text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  test('a line of JSON escapes U+007F to U+009F and is still the same JSON', () => {
    const written: string[] = [];
    const stream = { write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;
    writeJson(stream, { reason: 'a\u009B2J\u007F' });
    expect(written).toEqual(['{"reason":"a\\u009b2J\\u007f"}\n']);
    expect(JSON.parse(written[0] ?? '')).toEqual({ reason: 'a\u009B2J\u007F' });
  });
});
