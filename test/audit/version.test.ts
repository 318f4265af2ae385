import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { shardMachine, type ShardEvent } from '../../machines/index.js';
import { AUDIT_VERSION } from '../../src/audit/version.js';
import { readAuditLog, replayAudit } from '../../src/index.js';
import { closeCodes } from '../../src/protocol/closeCodes.js';
import { causes, type Decision } from '../../src/protocol/decision.js';
import * as limits from '../../src/protocol/limits.js';
import { edgesOf } from '../../visualizations/edges.js';
import { goldenRecords } from './golden.js';
import { asLines } from './recording.js';

/**
 * The log of each version, as this version of the chart told the golden records. `WRITE_GOLDEN=1 npx vitest run
 * test/audit/version.test.ts` writes that of a new version.
 */
const golden = (version: number) => fileURLToPath(new URL(`fixtures/golden-${version}.jsonl`, import.meta.url));

/** Digest of each version's chart. */
const fingerprints: Readonly<Record<number, string>> = {
  3: 'fd2034a83c51dc5a',
};

test('a chart that decides differently has another AUDIT_VERSION', () => {
  const decidedBy = JSON.stringify([edgesOf(shardMachine), closeCodes, causes, limits]);
  const fingerprint = createHash('sha256').update(decidedBy).digest('hex').slice(0, 16);
  expect(
    fingerprint,
    'The chart or one of its tables has changed. If it may now decide otherwise on the same events, older audit logs no longer replay: raise AUDIT_VERSION and add a golden log. If not (an advice, the order of declarations), only put the new fingerprint here.',
  ).toBe(fingerprints[AUDIT_VERSION]);
});

test('a log that was written when this version was made still verifies', async () => {
  const file = golden(AUDIT_VERSION);
  if (process.env['WRITE_GOLDEN'] !== undefined) writeFileSync(file, asLines(goldenRecords()).join(''));
  expect(await replayAudit(readAuditLog(file))).toMatchObject({ ok: true, shards: 11 });
  expect(new Set((await readAuditLog(file)).map(({ to }) => to)).size).toBe(6);
});

const isBetween = ({ delay }: Decision, { min, max }: { min: number; max: number }) => delay >= min && delay <= max;

describe('each branch of a decision is in that log:', () => {
  test.each<[string, (decision: Decision, event: ShardEvent) => boolean]>([
    ['close', ({ action, reason }) => action === 'close' && reason === 'asked'],
    ['fatal', ({ action, code }) => action === 'fatal' && code === 4004],
    ['autoReconnect off', ({ action, reason }) => action === 'close' && reason.endsWith('; autoReconnect is off')],
    ['resume', ({ action, delay }) => action === 'resume' && delay === 0],
    [
      'the first URL has its turn',
      ({ action, reason }) => action === 'resume' && reason.endsWith('; RESUME goes to the first URL'),
    ],
    [
      'op 9 false',
      (decision, { type }) =>
        type === 'gateway.invalidSession' &&
        decision.action === 'identify' &&
        isBetween(decision, limits.INVALID_SESSION_WAIT_MS),
    ],
    ['Retry-After', ({ delay }, event) => event.type === 'socket.closed' && event.retryAfterMs === delay],
    ['a Retry-After beyond belief', ({ delay }) => delay === limits.MAX_RETRY_AFTER_MS],
    [
      'the floor of the back-off',
      ({ action, code, delay, attempt }) => action === 'resume' && code === 4008 && attempt === 1 && delay > 0,
    ],
    [
      'the ceiling of the back-off',
      ({ action, attempt, delay }) => action === 'resume' && attempt > 6 && delay > 20_000,
    ],
    [
      'the cap after a replay that moved on',
      ({ action, attempt, delay }) =>
        action === 'resume' && attempt > 6 && delay >= 1_000 && delay <= limits.RESUME_WAIT_MS,
    ],
    [
      'many that end together',
      ({ reason, delay }) => reason.endsWith('; many connections ended together') && delay > 0,
    ],
    ['the pace', (decision) => decision.attempt > 10 && isBetween(decision, limits.IDENTIFY_PACE_MS)],
  ])('%s', async (_, isMeant) => {
    const records = await readAuditLog(golden(AUDIT_VERSION));
    const found = records.filter(({ decision, event }) => decision !== null && isMeant(decision, event as ShardEvent));
    expect(found.length).toBeGreaterThan(0);
  });
});
