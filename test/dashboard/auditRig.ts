import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { readEntries } from '../../src/dashboard/playback/entries.js';
import type { AuditShard, AuditTimeline, StateIndex } from '../../src/dashboard/messages.js';
import { replayShard } from '../../src/dashboard/playback/replayShard.js';
import { foldLog, type FoldedLog, type ShardEntry } from '../../src/dashboard/playback/foldLog.js';
import { lifecycles } from '../../machines/index.js';
import { readAuditLog } from '../../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'shardchart-audit-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

let count = 0;

/** Path of a log that does not exist yet. */
export const newLog = (): string => join(folder, `${(count += 1)}.log`);

/** A log with these lines. */
export function logOf(lines: readonly (object | string)[]): string {
  const file = newLog();
  writeFileSync(file, lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''));
  return file;
}

export const fold = async (...files: readonly string[]): Promise<FoldedLog> =>
  foldLog(await readEntries(readAuditLog(files)));

/** The answer for a shard of a log. */
export const replayed = async (id: number, entries: readonly ShardEntry[] = []): Promise<AuditShard> =>
  JSON.parse(`${await replayShard(id, entries, new AbortController().signal)}`) as AuditShard;

/** Final states of a timeline's moves, by shard. */
export function endStates({ shardIds, moves }: Pick<AuditTimeline, 'shardIds' | 'moves'>): Record<number, string> {
  const states: Record<number, string> = {};
  for (let n = 0; n < moves.length; n += 3) {
    states[shardIds[moves[n + 1] as number] as number] = lifecycles[moves[n + 2] as StateIndex] as string;
  }
  return states;
}

export const edgesOfSteps = ({ steps }: AuditShard): string[] => steps.flatMap(({ taken }) => taken);
