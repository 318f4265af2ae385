import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createAuditLog, readAuditLog, replayAudit, type ReplayRecord } from '../../src/index.js';
import { managed } from './rig.js';

const folder = mkdtempSync(join(tmpdir(), 'shardchart-manager-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test(
  'the audit log of a manager has every shard it ever had, and replays through a reshard, a restart and a close',
  { timeout: 30_000 },
  managed({ simulator: { maxConcurrency: 4 }, manager: { total: 2 } }, async ({ manager }) => {
    const file = join(folder, 'audit.log');
    const log = createAuditLog({ file });
    const detach = log.attach(manager);
    expect(log.attach(manager)).toBe(detach);
    await manager.connect();
    await manager.reshard(3);
    await manager.restart({ rolling: true });
    await manager.close();
    await manager.connect();
    await manager.shutdown();
    await log.close();
    const records: ReplayRecord[] = [];
    for await (const record of readAuditLog(file)) records.push(record);
    // Two shards of the first set, three of the second, three after the close.
    expect(records.filter(({ event }) => event.type === 'shutdown')).toHaveLength(2 + 3 + 3);
    expect(await replayAudit(records)).toMatchObject({ ok: true, shards: 3 });
  }),
);
