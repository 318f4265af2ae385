import { describe, expect, test } from 'vitest';
import { transition } from 'xstate';
import { shardMachine, type ShardEvent } from '../../machines/index.js';
import { shardIn, statePaths } from '../machines/rig.js';
import { lawbooks } from './laws/index.js';
import { isWithin } from './laws/lawbook.js';
import { RECONNECTING, WANTED } from './laws/outcomes.js';
import { pathOf } from './observer.js';

const codes = Array.from({ length: 4_000 }, (_, index) => 1_000 + index);

const closed = (code: number): ShardEvent => ({
  type: 'socket.closed',
  code,
  reason: '',
  sequence: null,
  retryAfterMs: null,
});

/** Discord's table of close codes, in words: whatever is not named here is resumed. */
const fatal = new Set([4004, 4010, 4011, 4012, 4013, 4014]);
const sessionLost = new Set([4003, 4007, 4009]);

function dueFor(code: number, hasSession: boolean): string {
  if (fatal.has(code)) return 'fatal';
  return sessionLost.has(code) || !hasSession ? 'identify' : 'resume';
}

describe.each(statePaths.filter((path) => isWithin(path, WANTED)))('in %s', (path) => {
  test('each close code from 1000 to 4999 leads to exactly one decision', () => {
    const snapshot = shardIn(path).actor.getSnapshot();
    const position = { path, context: snapshot.context };
    for (const code of codes) {
      // Two laws for one event are an error: a code has one.
      expect(lawbooks.shard.find(position, closed(code)), String(code)).toBeDefined();
      const [after] = transition(shardMachine, snapshot, closed(code));
      const decision = after.context.lastDecision;
      expect(decision, String(code)).not.toBe(snapshot.context.lastDecision);
      expect([decision?.code, decision?.action], String(code)).toEqual([
        code,
        dueFor(code, snapshot.context.session !== null),
      ]);
      expect(pathOf(after.value), String(code)).toBe(decision?.action === 'fatal' ? 'Offline.fatal' : 'Disconnected');
    }
  });
});

test('while our own close is under way only a fatal code or a lost session changes what was decided', () => {
  const snapshot = shardIn(RECONNECTING).actor.getSnapshot();
  const decided = snapshot.context.lastDecision;
  for (const code of codes) {
    const [after] = transition(shardMachine, snapshot, closed(code));
    const isNews = fatal.has(code) || sessionLost.has(code);
    expect(after.context.lastDecision !== decided, String(code)).toBe(isNews);
    if (isNews) expect(after.context.lastDecision?.action, String(code)).toBe(dueFor(code, false));
  }
});
