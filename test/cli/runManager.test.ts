import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createGatewaySimulator, type GatewaySimulator } from '../../src/simulator/index.js';
import { Command, ESCAPE, onTerminal, TOKEN, until } from './command.js';

const envOf = ({ apiUrl }: GatewaySimulator) => ({ DISCORD_TOKEN: TOKEN, SHARDCHART_API_URL: apiUrl });
const runAt = (simulator: GatewaySimulator, ...args: string[]) => new Command(['run', ...args], envOf(simulator));

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

test('--shards auto runs the recommended shards within their limits, and reports progress', async () => {
  // The simulator of this process may read the first IDENTIFY late, which makes the next one seem early.
  const identifyTolerance = 1_500;
  await using simulator = await createGatewaySimulator({
    shards: 20,
    maxConcurrency: 16,
    token: TOKEN,
    identifyTolerance,
  });
  await using command = runAt(simulator, '--shards', 'auto', '--events', 'MESSAGE_CREATE');
  await command.until('all', ({ stderr }) => stderr.includes('shards up in'));
  expect(simulator.sessions.size).toBe(20);
  expect(simulator.violations).toEqual([]);
  expect(command.stderr).toContain('Preparing: asking the API');
  expect(command.stderr).toMatch(
    /^Starting 20 shards, 16 at a time, 1 000 of 1 000 identifies left until \d\d:\d\d( tomorrow)?$/m,
  );
  expect(command.stderr).toMatch(/^16\/20 up · Starting · next identify in \d s · .*984 of 1 000 identifies left/m);
  expect(command.stderr).toMatch(/^20 shards up in \d+(\.\d)? s: 20 identifies spent, 980 of 1 000 identifies left/m);
  expect(command.stdout + command.stderr).not.toContain(ESCAPE);
  command.interrupt();
  expect(await command.exit).toBe(0);
  expect(simulator.connections.every(({ closeCode }) => closeCode === 1000)).toBe(true);
});

test('with 12 shards and 10 identifies left, 10 identify, 2 wait, and the time of renewal is printed', async () => {
  await using simulator = await createGatewaySimulator({
    maxConcurrency: 16,
    sessionStartLimit: { total: 1_000, remaining: 60, resetAfter: 3_600_000 },
  });
  await using command = runAt(simulator, '--shards', '12', '--reserve', '50');
  await command.until('the end of it', ({ stderr }) => stderr.includes('shards wait until'));
  expect(command.stderr.match(/the day's identifies are spent/gi)).toHaveLength(1);
  const said = /are spent \(50 of 1 000 left, reserved\): 2 shards wait until \d\d:\d\d:\d\d \((.*Z)\)$/m;
  const [, until = ''] = said.exec(command.stderr) ?? [];
  expect(Math.abs(Date.parse(until) - Date.now() - 3_600_000)).toBeLessThan(60_000);
  expect(simulator.identifies).toHaveLength(10);
  command.interrupt();
  expect(await command.exit).toBe(0);
  expect(simulator.identifies).toHaveLength(10);
});

test('a failed start is reported once and ends it with 1', async () => {
  await using simulator = await createGatewaySimulator({ token: 'another' });
  await using command = runAt(simulator, '--shards', 'auto');
  expect(await command.exit).toBe(1);
  expect(command.stderr.match(/answered 401/g)).toHaveLength(1);
  expect(command.stderr).toMatch(/^shardchart: .*\/gateway\/bot answered 401. The token is wrong or was reset/m);
  expect(command.stderr).not.toMatch(/\n\s+at /);
  expect(command.stderr).not.toContain(TOKEN);
  expect(simulator.connections).toEqual([]);
});

test('an API URL that is not http is refused with 2', async () => {
  await using command = new Command(['run'], { DISCORD_TOKEN: TOKEN, SHARDCHART_API_URL: 'discord.com' });
  expect(await command.exit).toBe(2);
  expect(command.stderr).toContain('must be an http:// or https:// URL');
});

test('--session-file, --ids and --audit: the next run resumes these shards, and both are in one log', async () => {
  await using simulator = await createGatewaySimulator({ maxConcurrency: 16 });
  const folder = mkdtempSync(join(tmpdir(), 'shardchart-run-'));
  folders.push(folder);
  const log = join(folder, 'audit.log');
  const args = ['--ids', '0,2-3', '--total', '8', '--session-file', join(folder, 'sessions.json'), '--audit', log];
  for (const expected of ['3 identifies spent', '3 resumed, 0 identifies spent']) {
    await using command = runAt(simulator, ...args);
    await command.until('all', ({ stderr }) => stderr.includes('shards up in'));
    expect(command.stderr).toContain(`: ${expected}`);
    command.interrupt();
    expect(await command.exit).toBe(0);
  }
  expect(simulator.identifies.map(({ shardId }) => shardId).toSorted()).toEqual([0, 2, 3]);
  await using audit = new Command(['audit', log, '--verify']);
  expect(await audit.exit).toBe(0);
  expect(audit.stdout).toMatch(/^verified: \d+ records of 3 shards/);
});

test('a terminal shows a table in place instead of dispatches, and Ctrl+C leaves it there', async () => {
  await using simulator = await createGatewaySimulator({ shards: 3, maxConcurrency: 16 });
  await using command = onTerminal(['run', '--shards', 'auto'], envOf(simulator));
  await command.until('all', ({ stdout }) => stdout.includes('3/3 up · Running'));
  expect(command.stdout).toMatch(/shard {2}state +latency +sequence +events\/s +reconnects +identifies/);
  expect(command.stdout).toMatch(/shard 2 .*Identifying.*-> .*Connected/);
  for (let n = 0; n < 2_000; n += 1) simulator.dispatch('MESSAGE_CREATE', { n }, 1);
  await command.until('the sequence', ({ stdout }) => / 1 .*Connected.* 2 001 /.test(stdout));
  command.child.stdin.write('\u0003');
  expect(await command.exit).toBe(0);
  expect(command.stdout).not.toContain('"t":');
  const last = command.stdout.slice(command.stdout.lastIndexOf('0/3 up'));
  expect(last).toMatch(/0\/3 up · Offline/);
  expect(last.endsWith(`${ESCAPE}J${ESCAPE}?25h`)).toBe(true);
  expect(simulator.connections.every(({ closeCode }) => closeCode === 1000)).toBe(true);
});

test('a second Ctrl+C shows the cursor again', async () => {
  await using simulator = await createGatewaySimulator();
  await using command = onTerminal(['run'], envOf(simulator));
  await command.until('all', ({ stdout }) => stdout.includes('1/1 up'));
  simulator.ignoreClose();
  command.child.stdin.write('\u0003');
  await until('our close', () => simulator.connections[0]?.closedBy === 'client');
  command.child.stdin.write('\u0003');
  expect(await command.exit).toBe(130);
  expect(command.stdout.endsWith(`${ESCAPE}?25h`)).toBe(true);
});
