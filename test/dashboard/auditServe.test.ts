import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { serveAuditDashboard } from '../../src/dashboard/index.js';
import type { AuditShard, AuditTimeline, Setup } from '../../src/dashboard/index.js';
import { AuditError, createAuditLog, ShardError } from '../../src/index.js';
import { reached, scenario, until } from '../shard/rig.js';
import { logOf, newLog } from './auditRig.js';

async function ask<T>(url: string | null, path: string): Promise<T> {
  const answer = await fetch(new URL(path, `${url}`));
  expect(answer.status).toBe(200);
  return (await answer.json()) as T;
}

const status = async (url: string | null, path: string, init?: RequestInit) =>
  (await fetch(new URL(path, `${url}`), init)).status;

/** The log of a shard that was dropped once. */
async function dropped(): Promise<string> {
  const file = newLog();
  await scenario({}, async ({ simulator, shard }) => {
    await using log = createAuditLog({ file });
    log.attach(shard);
    await shard.connect();
    simulator.apply({ reset: true });
    await until(() => shard.stats.connections === 2);
    await reached(shard, 'Connected');
  })();
  return file;
}

test('/audit/timeline answers with the whole log, /audit/shards/ID with one shard', async () => {
  const file = await dropped();
  await using dashboard = await serveAuditDashboard(file);
  const { url } = dashboard;
  expect(await ask<Setup>(url, '/setup')).toMatchObject({ source: 'audit', controls: null });
  const timeline = await ask<AuditTimeline>(url, '/audit/timeline');
  expect(timeline).toMatchObject({ files: [file], shardIds: [0], skipped: 0 });
  const { id, steps } = await ask<AuditShard>(url, '/audit/shards/0');
  expect(id).toBe(0);
  expect(steps).toHaveLength(readFileSync(file, 'utf8').trimEnd().split('\n').length);
  expect(steps.at(-1)?.active).toContain('Online.link.session.Connected');
  expect(await status(url, '/')).toBe(200);
  for (const path of [
    '/events',
    '/audit/shards/1',
    '/audit/shards/-1',
    '/audit/shards/0/',
    '/audit/',
    '/audit/shards/%30',
  ]) {
    expect([path, await status(url, path)]).toEqual([path, 404]);
  }
  const post = { method: 'POST', headers: { 'Content-Type': 'application/json', Origin: new URL(`${url}`).origin } };
  expect(await status(url, '/shards/0/commands/close', post)).toBe(403);
});

test('no answer contains a whole session id', async () => {
  const file = await dropped();
  const ids = [...readFileSync(file, 'utf8').matchAll(/"session":\{"id":"([^"]+)"/g)].map(([, id = '']) => id);
  const urls = [...readFileSync(file, 'utf8').matchAll(/"resumeUrl":"([^"]+)"/g)].map(([, url = '']) => url);
  expect(ids.length).toBeGreaterThan(0);
  expect(urls.length).toBeGreaterThan(0);
  await using dashboard = await serveAuditDashboard(file);
  for (const path of ['/setup', '/audit/timeline', '/audit/shards/0']) {
    const text = await (await fetch(new URL(path, `${dashboard.url}`))).text();
    expect([...ids, ...urls].filter((secret) => text.includes(secret))).toEqual([]);
  }
});

test('lines that are not records are left out, and the logger reports them', async () => {
  const lines = readFileSync(await dropped(), 'utf8')
    .trimEnd()
    .split('\n');
  const warnings: string[] = [];
  const logger = { debug() {}, info() {}, warn: (line: string) => void warnings.push(line), error() {} };
  const file = logOf([...lines.slice(0, 3), 'no record', ...lines.slice(3), '{"v":1,']);
  await using dashboard = await serveAuditDashboard([file], { logger });
  expect(await ask<AuditTimeline>(dashboard.url, '/audit/timeline')).toMatchObject({ skipped: 2 });
  expect(warnings).toEqual([expect.stringContaining(`2 lines left out, the first ${file}:4: it is not JSON`)]);
});

test('a line nested 50 000 levels deep is left out, and the rest is shown', async () => {
  const lines = readFileSync(await dropped(), 'utf8')
    .trimEnd()
    .split('\n');
  const deep = `${lines[1]}`.replace('"event":{', `"event":{"x":${'['.repeat(50_000)}${']'.repeat(50_000)},`);
  await using dashboard = await serveAuditDashboard(logOf([...lines, deep]));
  expect(await ask<AuditTimeline>(dashboard.url, '/audit/timeline')).toMatchObject({ skipped: 1, shardIds: [0] });
});

test('a shard with a 16-digit id is shown', async () => {
  const id = 9_007_199_254_740_000;
  const lines = readFileSync(await dropped(), 'utf8').replaceAll('"shardId":0,', `"shardId":${id},`);
  await using dashboard = await serveAuditDashboard(logOf(lines.trimEnd().split('\n')));
  expect((await ask<AuditShard>(dashboard.url, `/audit/shards/${id}`)).id).toBe(id);
});

test('a missing file, a file without records and invalid options reject', async () => {
  await expect(serveAuditDashboard(newLog())).rejects.toThrow(AuditError);
  await expect(serveAuditDashboard(logOf(['not a log']))).rejects.toMatchObject({
    name: 'DashboardError',
    code: 'CANNOT_LOAD',
    message: expect.stringContaining('There are no records in') as string,
  });
  await expect(serveAuditDashboard([])).rejects.toThrow(ShardError);
  await expect(serveAuditDashboard(newLog(), { port: -1 })).rejects.toThrow(ShardError);
});
