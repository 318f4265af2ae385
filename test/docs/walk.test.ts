import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { shardMachine } from '../../machines/index.js';
import { createAuditLog } from '../../src/audit/index.js';
import { actionNames, describeOutcome, describeShards } from '../../src/dashboard/page/incidentWords.js';
import { describeCause } from '../../src/dashboard/page/words.js';
import { edgesTaken } from '../../src/dashboard/live/charts.js';
import { edgesOf } from '../../visualizations/edges.js';
import { Command } from '../cli/command.js';
import { fold } from '../dashboard/auditRig.js';
import { simulate, until } from '../shard/rig.js';
import { managerOn } from '../manager/rig.js';
import { page } from './pages.js';

const walk = /## Why did shard 7 reconnect\?\n(.*)/s.exec(page('docs/live-page.md'))?.[1] ?? '';
const told = /^```\n(.*?)^```/ms.exec(walk)?.[1] ?? '';

const withoutDurations = (text: string) => text.replaceAll(/\d+ ms/g, 'SO LONG');
const withoutTimes = (text: string) => text.replaceAll(/^\d\d:\d\d:\d\d\.\d{3}/gm, 'TIME');

test('a zombie of shard 7 is in the log, in its replay, in the line of the incident and on an edge of the chart, as docs/live-page.md says', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'shardchart-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'bot.log');
  await using simulator = await simulate({ shards: 8, maxConcurrency: 8, heartbeatInterval: 1_000 });
  await using manager = managerOn(simulator);
  const log = createAuditLog({ file });
  log.attach(manager);
  await manager.connect();
  const shard = manager.shards.get(7);
  if (shard === undefined) throw new Error('there is no shard 7');
  const taken: string[] = [];
  shard.actor.system.inspect((event) => void taken.push(...edgesTaken(event).map(({ edge }) => edge)));
  // Stable: from then on a lost connection is resumed at once.
  await until(() => shard.actor.getSnapshot().context.attempts === 0, 20_000);
  let isResumed = false;
  shard.once('resumed', () => (isResumed = true));
  simulator.silence(7);
  simulator.dispatch('MESSAGE_CREATE', { content: 'missed' }, 7);
  await until(() => isResumed);
  await manager.shutdown();
  await log.close();

  expect(told.split('\n').length).toBeGreaterThan(4);
  await using audit = new Command(['audit', file, '--shard', '7', '--utc']);
  expect(await audit.exit).toBe(0);
  expect(withoutTimes(audit.stdout)).toContain(withoutTimes(told));
  await using verify = new Command(['audit', file, '--verify']);
  expect(await verify.exit).toBe(0);

  const [incident] = (await fold(file)).timeline.incidents;
  if (incident === undefined) throw new Error('no incident');
  const row = [
    describeShards(incident),
    describeCause(incident),
    actionNames[incident.action],
    describeOutcome(incident),
  ].join(' · ');
  expect(withoutDurations(walk)).toContain(`\`${withoutDurations(row)}\``);

  const zombie = edgesOf(shardMachine).find(({ event }) => event === 'heartbeat done');
  expect(taken).toContain(zombie?.id);
  expect(zombie?.source).toBe('Online.link.session');
});
