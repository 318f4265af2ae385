import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { createGatewaySimulator } from '../../src/simulator/index.js';
import { Command, TOKEN } from '../cli/command.js';
import { Viewer } from './rig.js';

const urlIn = (text: string) => /inspector at (http:\/\/127\.0\.0\.1:\d+\/)/.exec(text)?.[1] ?? null;

test('run --inspect prints a URL that shows the shards, and Ctrl+C ends it with 0', async () => {
  await using simulator = await createGatewaySimulator({ token: TOKEN });
  await using command = new Command(['run', '--url', simulator.url, '--inspect'], { DISCORD_TOKEN: TOKEN });
  await command.until('Connected', ({ stderr }) => stderr.includes('-> Connected'));
  using viewer = await Viewer.open(urlIn(command.stderr));
  await expect.poll(() => viewer.names()).toEqual(expect.arrayContaining(['shard 0', 'socket', 'heartbeat', 'bucket']));
  command.interrupt();
  expect(await command.exit, command.stderr).toBe(0);
  await expect.poll(() => viewer.isClosed).toBe(true);
  expect(viewer.texts.join('\n')).not.toContain(TOKEN);
});

test('run --inspect --json prints the URL as JSON', async () => {
  await using simulator = await createGatewaySimulator({ token: TOKEN });
  await using command = new Command(['run', '--url', simulator.url, '--json', '--inspect', '0'], {
    DISCORD_TOKEN: TOKEN,
  });
  await command.until('Connected', ({ stderr }) => stderr.includes('"to":"Connected"'));
  const [first] = command.stderr.split('\n').map((line) => JSON.parse(line || 'null') as unknown);
  expect(first).toEqual({ inspector: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/$/) });
  command.interrupt();
  expect(await command.exit).toBe(0);
});

test('demo --inspect shows both shards while the demo runs', async () => {
  await using command = new Command(['demo', '--inspect']);
  await command.until('the URL', ({ stdout }) => urlIn(stdout) !== null);
  using viewer = await Viewer.open(urlIn(command.stdout));
  await expect.poll(() => viewer.names(), { timeout: 20_000 }).toEqual(expect.arrayContaining(['shard 0', 'shard 1']));
  command.interrupt();
  expect(await command.exit).toBe(130);
});

test.each([['run'], ['demo']])('%s --inspect with a port in use exits with 2 and says what to do', async (name) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  await using command = new Command([name, '--inspect', String(port)], { DISCORD_TOKEN: TOKEN });
  expect(await command.exit).toBe(2);
  expect(command.stderr).toBe(
    `shardchart: Port ${port} is in use by another program. Choose another, or port 0, which takes any free one.\n`,
  );
  taken.close();
});
