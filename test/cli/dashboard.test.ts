import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { AuditTimeline, Setup } from '../../src/dashboard/index.js';
import { createGatewaySimulator } from '../../src/simulator/index.js';
import { post, watching } from '../dashboard/rig.js';
import { Command, ESCAPE, TOKEN, until } from './command.js';

const folder = mkdtempSync(join(tmpdir(), 'shardchart-dashboard-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const urlIn = (text: string) => /dashboard at (http:\/\/\S+)/.exec(text)?.[1];

async function opened(command: Command): Promise<string> {
  await command.until('the dashboard', ({ stdout, stderr }) => urlIn(stdout + stderr) !== undefined);
  return urlIn(command.stdout + command.stderr) as string;
}

const setupAt = async (url: string) => (await (await fetch(new URL('/setup', url))).json()) as Setup;

/** Waits until a page of that dashboard shows this many Connected shards. */
async function untilConnected(url: string, count: number): Promise<void> {
  using viewer = await watching(url);
  await until('shards that are up', () => {
    const states = Object.values(viewer.states);
    return states.length === count && states.every((state) => state === CONNECTED);
  });
}

const CONNECTED = 4;

describe('dashboard --simulator', () => {
  test('shows simulated shards coming up, offers their faults, and Ctrl+C ends it', async () => {
    await using command = new Command(['dashboard', '--simulator', '--shards', '3']);
    const url = await opened(command);
    expect(command.stdout).toBe(`dashboard at ${url}\nPress Ctrl+C to stop.\n`);
    const { source, controls } = await setupAt(url);
    expect(source).toBe('live');
    expect(controls?.commands).toContain('reconnect');
    expect(controls?.faults).toContain('zombie');
    await untilConnected(url, 3);
    using viewer = await watching(url);
    expect((await post(url, '/shards/1/faults/drop')).status).toBe(202);
    await until('the incident', () => viewer.incidents.some(({ ids, down }) => ids.includes(1) && down === 0));
    expect(viewer.states['1']).toBe(CONNECTED);
    command.interrupt();
    expect(await command.exit, command.stderr).toBe(0);
    expect(command.stderr).toBe('');
  });

  test('--json prints the URL', async () => {
    await using command = new Command(['dashboard', '--simulator', '--json']);
    await command.until('the line', ({ lines }) => lines.length > 0);
    const { dashboard } = JSON.parse(command.lines[0] as string) as { dashboard: string };
    using viewer = await watching(dashboard);
    await until('the shards', () => Object.keys(viewer.states).length === 16);
    command.interrupt();
    expect(await command.exit).toBe(0);
    expect(command.lines).toHaveLength(1);
  });

  test('with options of a bot is refused with 2', async () => {
    await using command = new Command(['dashboard', '--simulator', '--ids', '0', '--total', '2']);
    expect(await command.exit).toBe(2);
    expect(command.stderr).toContain('--simulator cannot be used with --ids, --total. Leave one of them out.');
  });
});

describe('dashboard of a bot', () => {
  test('shows its shards without controls, and Ctrl+C closes them', async () => {
    await using simulator = await createGatewaySimulator({ token: TOKEN });
    await using command = new Command(['dashboard', '--url', simulator.url], { DISCORD_TOKEN: TOKEN });
    const url = await opened(command);
    expect((await setupAt(url)).controls).toBe(null);
    await untilConnected(url, 1);
    expect((await post(url, '/shards/0/commands/close')).status).toBe(403);
    command.interrupt();
    expect(await command.exit, command.stderr).toBe(0);
    expect(simulator.connections).toMatchObject([{ closedBy: 'client', closeCode: 1000 }]);
    expect(command.stdout + command.stderr).not.toContain(TOKEN);
  });

  test('--controls lets a viewer reconnect a shard', async () => {
    await using simulator = await createGatewaySimulator();
    await using command = new Command(['dashboard', '--controls', '--url', simulator.url], { DISCORD_TOKEN: TOKEN });
    const url = await opened(command);
    await untilConnected(url, 1);
    expect((await post(url, '/shards/0/commands/reconnect')).status).toBe(202);
    await until('another connection', () => simulator.connections.length === 2);
    await untilConnected(url, 1);
    command.interrupt();
    expect(await command.exit).toBe(0);
  });

  test('a fatal close ends it with 1', async () => {
    await using simulator = await createGatewaySimulator({ token: 'another one' });
    await using command = new Command(['dashboard', '--url', simulator.url], { DISCORD_TOKEN: TOKEN });
    expect(await command.exit).toBe(1);
    expect(command.stderr).toContain('4004');
    expect(command.stderr).not.toContain(TOKEN);
  });

  test('control characters of the gateway are escaped', async () => {
    await using simulator = await createGatewaySimulator();
    await using command = new Command(['dashboard', '--url', simulator.url], { DISCORD_TOKEN: TOKEN });
    const url = await opened(command);
    await untilConnected(url, 1);
    simulator.closeWith(4014, `${ESCAPE}2J`);
    expect(await command.exit).toBe(1);
    expect(command.stderr).toContain('\\u001b[2J');
    expect(command.stderr).not.toContain(ESCAPE);
  });

  test('run --dashboard serves it for a running bot', async () => {
    await using simulator = await createGatewaySimulator();
    await using command = new Command(['run', '--url', simulator.url, '--dashboard'], { DISCORD_TOKEN: TOKEN });
    const url = await opened(command);
    await untilConnected(url, 1);
    command.interrupt();
    expect(await command.exit, command.stderr).toBe(0);
  });

  test('on an address that other machines reach it prints a URL with the token', async () => {
    await using command = new Command(['dashboard', '--simulator', '--host', '0.0.0.0']);
    const url = await opened(command);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w.~-]{16,}$/);
    expect((await fetch(new URL('/setup', url))).status).toBe(401);
    command.interrupt();
    expect(await command.exit).toBe(0);
  });
});

describe('dashboard --audit', () => {
  test('plays a log of run --audit, and Ctrl+C ends it', async () => {
    const log = join(folder, 'bot.log');
    {
      await using simulator = await createGatewaySimulator();
      await using bot = new Command(['run', '--url', simulator.url, '--audit', log], { DISCORD_TOKEN: TOKEN });
      await bot.until('Connected', ({ stderr }) => stderr.includes('-> Connected'));
      bot.interrupt();
      expect(await bot.exit).toBe(0);
    }
    await using command = new Command(['dashboard', '--audit', log]);
    const url = await opened(command);
    expect(await setupAt(url)).toMatchObject({ source: 'audit', controls: null });
    const timeline = (await (await fetch(new URL('/audit/timeline', url))).json()) as AuditTimeline;
    expect(timeline).toMatchObject({ files: [log], shardIds: [0] });
    expect(timeline.moves.slice(-1)).toEqual([0]);
    expect(command.child.exitCode).toBe(null);
    command.interrupt();
    expect(await command.exit, command.stderr).toBe(0);
  });

  test.skipIf(process.platform === 'win32')(
    'ends at the first Ctrl+C while it reads a pipe without a writer',
    async () => {
      const pipe = join(folder, 'pipe');
      expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
      await using command = new Command(['dashboard', '--audit', pipe]);
      // Resolves once the command has opened the pipe.
      const writer = await open(pipe, 'w');
      command.interrupt();
      await command.exit;
      expect([command.child.signalCode, command.stdout]).toEqual(['SIGINT', '']);
      await writer.close();
    },
  );

  test('a missing file and a file that is not a log are refused with 2', async () => {
    await using missing = new Command(['dashboard', '--audit', join(folder, 'none.log')]);
    await using other = new Command(['dashboard', '--audit', import.meta.filename]);
    expect([await missing.exit, await other.exit]).toEqual([2, 2]);
    expect(missing.stderr).toContain('There is no such file');
    expect(other.stderr).toContain('There are no records in');
  });

  test('refuses --controls with 2', async () => {
    await using command = new Command(['dashboard', '--controls', '--audit', 'bot.log']);
    expect(await command.exit).toBe(2);
    expect(command.stderr).toContain('--audit cannot be used with --controls');
  });
});

test('without a source it names all three', async () => {
  await using command = new Command(['dashboard']);
  expect(await command.exit).toBe(2);
  for (const way of ['--simulator', '--audit FILE', 'DISCORD_TOKEN=']) expect(command.stderr).toContain(way);
});

test.each([
  ['dashboard', '--simulator', '--port'],
  ['run', '--dashboard'],
])('a port in use is refused with 2 by %s %s', async (...args) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await using command = new Command([...args, String(port)], { DISCORD_TOKEN: TOKEN });
  expect(await command.exit).toBe(2);
  expect(command.stderr).toContain(`Port ${port} is in use`);
  server.close();
});

test('--help lists the exit codes, and the sources first', async () => {
  await using command = new Command(['dashboard', '--help']);
  expect(await command.exit).toBe(0);
  expect(command.stdout).toContain('Exit codes:');
  expect(command.stdout.indexOf('--simulator')).toBeLessThan(command.stdout.indexOf('--shards'));
});
