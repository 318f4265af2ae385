import { createColors } from 'picocolors';
import { describe, expect, test } from 'vitest';
import { type Chapter, chapters } from '../../src/cli/commands/demo/chapters.js';
import { checkBalance, checkChapter, type Expectation, type Observation } from '../../src/cli/commands/demo/checks.js';
import { Ledger } from '../../src/cli/commands/demo/ledger.js';
import { playStory } from '../../src/cli/commands/demo/story.js';
import { StoryInterrupted, StoryStuck, Waiting } from '../../src/cli/commands/demo/waiting.js';
import type { Output } from '../../src/cli/terminal/output.js';

const untouched = { isRequested: false };

function recorder(): { output: Output; text: () => string } {
  const lines: string[] = [];
  const output: Output = {
    colors: createColors(false),
    columns: 100,
    line: (text = '') => void lines.push(text),
    status: () => {},
  };
  return { output, text: () => lines.join('\n') };
}

describe('playStory', { concurrent: true }, () => {
  const reconnect = chapters.find(({ title }) => title.includes('reconnect')) as Chapter;

  test('ends with 0 where each expectation is met', async () => {
    const { output, text } = recorder();
    expect(await playStory([reconnect], output, untouched), text()).toBe(0);
    expect(text()).toContain('lost: 0');
  });

  test('ends with 1 and says which expectation was not met', async () => {
    const { output, text } = recorder();
    const expected: Expectation = { ...reconnect.expected, session: 'new', identifies: 1 };
    expect(await playStory([{ ...reconnect, expected }], output, untouched)).toBe(1);
    expect(text()).toMatch(/2 of \d+ expectations not met:/);
    expect(text()).toContain('✗ expected: a new session; found: same session');
  });

  test('ends with 1 where a fault has no effect', async () => {
    const { output, text } = recorder();
    expect(await playStory([{ ...reconnect, cause: () => {} }], output, untouched)).toBe(1);
    expect(text()).toContain('in vain for shard 1 to leave Connected');
  });

  test('ends with 130 when interrupted', async () => {
    const { output } = recorder();
    expect(await playStory(chapters, output, { isRequested: true })).toBe(130);
  });
});

describe('checkChapter', () => {
  const expected: Expectation = {
    path: ['Disconnected', 'Connecting', 'Resuming', 'Connected'],
    action: 'resume',
    delay: [0, 0],
    wire: { by: 'client', code: 4900 },
    session: 'same',
    identifies: 0,
    replayed: 5,
  };
  const found: Observation = {
    path: expected.path,
    decision: { action: 'resume', code: 4900, reason: 'zombie', attempt: 1, delay: 0 },
    wire: { by: 'client', code: 4900 },
    sessionBefore: 'a',
    sessionAfter: 'a',
    identifies: 0,
    replayed: 5,
  };
  const failures = (change: Partial<Observation>) =>
    checkChapter(expected, { ...found, ...change })
      .filter(({ passed }) => !passed)
      .map(({ text }) => text);

  test('passes where everything was as expected', () => expect(failures({})).toEqual([]));

  test.each<[string, Partial<Observation>]>([
    ['expected: Disconnected -> Connecting -> Resuming -> Connected; found: Offline', { path: ['Offline'] }],
    ['expected: resume at once; found: no decision', { decision: null }],
    [
      'expected: resume at once; found: resume in 9 ms',
      { decision: { action: 'resume', code: null, reason: '', attempt: 2, delay: 9 } },
    ],
    [
      'expected: resume at once; found: identify in 0 ms',
      { decision: { action: 'identify', code: null, reason: '', attempt: 1, delay: 0 } },
    ],
    ['expected: client closed with 4900; found: connection still open', { wire: null }],
    ['expected: client closed with 4900; found: no close frame on the wire', { wire: { by: 'gateway', code: null } }],
    ['expected: client closed with 4900; found: client closed with 1000', { wire: { by: 'client', code: 1000 } }],
    ['expected: same session; found: a new session', { sessionAfter: 'b' }],
    ['expected: same session; found: no session left', { sessionAfter: null }],
    ['expected: no identify spent; found: 1 identify spent', { identifies: 1 }],
    ['expected: at least 5 missed events replayed; found: 4', { replayed: 4 }],
  ])('%s', (text, change) => expect(failures(change)).toEqual([text]));
});

describe('the ledger', () => {
  test('a message that a session took is owed once', () => {
    const ledger = new Ledger();
    ledger.addSent(0, 1, 1);
    ledger.addSent(0, 2, 1);
    ledger.addSent(0, 3, 0);
    ledger.addArrival(0, 1);
    expect(ledger.balance).toEqual({ owed: 2, unowed: 1, delivered: 1, lost: 1, doubled: 0, misplaced: 0 });
    expect(ledger.latest(0)).toBe(1);
    ledger.addArrival(0, 2);
    expect(checkBalance(ledger.balance, [])).toMatchObject([{ passed: true }, { passed: true }]);
  });

  test.each<[string, (ledger: Ledger) => void]>([
    ['lost', (ledger) => ledger.addSent(0, 1, 1)],
    [
      'doubled',
      (ledger) => {
        ledger.addSent(0, 1, 1);
        ledger.addArrival(0, 1);
        ledger.addArrival(0, 1);
      },
    ],
    [
      'out of order',
      (ledger) => {
        ledger.addSent(0, 1, 1);
        ledger.addSent(0, 2, 1);
        ledger.addArrival(0, 2);
        ledger.addArrival(0, 1);
      },
    ],
    [
      "another shard's",
      (ledger) => {
        ledger.addSent(0, 1, 1);
        ledger.addArrival(0, 1);
        ledger.addArrival(1, 1);
      },
    ],
    ['none at all', () => {}],
  ])('a message that is %s is a failure', (_, happen) => {
    const ledger = new Ledger();
    happen(ledger);
    expect(checkBalance(ledger.balance, [])[0]).toMatchObject({ passed: false });
  });

  test('a broken rule is a failure', () => {
    const ledger = new Ledger();
    expect(checkBalance(ledger.balance, [{ rule: 'identify too fast' }])[1]).toEqual({
      passed: false,
      text: 'rules broken, as counted by the gateway: 1, identify too fast',
    });
  });
});

describe('Waiting', () => {
  test('ends with its own limit, or with the limit of all waits', async () => {
    await expect(new Waiting(60_000, untouched).until('rain', () => false, 20)).rejects.toThrow(/in vain for rain/);
    await expect(new Waiting(20, untouched).until('rain', () => false)).rejects.toThrow(StoryStuck);
  });

  test('ends when interrupted', async () => {
    await expect(new Waiting(60_000, { isRequested: true }).pause(60_000)).rejects.toThrow(StoryInterrupted);
  });
});
