import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { shardMachine } from '../../machines/index.js';
import { AUDIT_VERSION } from '../../src/audit/version.js';
import { readAuditLog, replayAudit } from '../../src/index.js';
import { closeCodes } from '../../src/protocol/closeCodes.js';
import { causes } from '../../src/protocol/decision.js';
import * as limits from '../../src/protocol/limits.js';
import { edgesOf } from '../../visualizations/edges.js';

/** The log of each version: 250 records of a `randomWalk` of four shards, as this version of the chart told them. */
const golden = (version: number) => fileURLToPath(new URL(`fixtures/golden-${version}.jsonl`, import.meta.url));

/** What the chart of each version decided by. */
const fingerprints: Readonly<Record<number, string>> = {
  1: 'cc142d638074720a',
};

test('a chart that decides otherwise has another version', () => {
  const decidedBy = JSON.stringify([edgesOf(shardMachine), closeCodes, causes, limits]);
  const fingerprint = createHash('sha256').update(decidedBy).digest('hex').slice(0, 16);
  expect(
    fingerprint,
    'The chart or one of its tables has changed. If it may now decide otherwise on the same events, older audit logs no longer replay: raise AUDIT_VERSION and add a golden log. If not (an advice, the order of declarations), only put the new fingerprint here.',
  ).toBe(fingerprints[AUDIT_VERSION]);
});

test('a log that was written when this version was made still verifies', async () => {
  const reader = readAuditLog(golden(AUDIT_VERSION));
  expect(await replayAudit(reader)).toMatchObject({ ok: true, shards: 4 });
  const records = await reader;
  expect(new Set(records.map(({ to }) => to)).size).toBe(6);
  expect(new Set(records.map(({ decision }) => decision?.reason)).size).toBeGreaterThan(15);
});
