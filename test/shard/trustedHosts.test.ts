import { once } from 'node:events';
import { expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { createMemorySessionStore, createShard } from '../../src/index.js';
import { scenario, simulate, shardOn, silentLogger, TOKEN, until } from './rig.js';

/** A gateway at this address whose READY names a resume URL; it notes each payload, with the token or without. */
async function gateway(host: string, resumeUrl: (port: number) => string) {
  const server = new WebSocketServer({ port: 0, host });
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const logins: { op: number; hasToken: boolean }[] = [];
  server.on('connection', (socket) => {
    const say = (frame: object) => socket.send(JSON.stringify(frame));
    say({ op: 10, d: { heartbeat_interval: 41_250 } });
    socket.on('message', (data) => {
      const { op } = JSON.parse(String(data)) as { op: number };
      if (op === 1) return say({ op: 11 });
      logins.push({ op, hasToken: String(data).includes(TOKEN) });
      if (op === 2) say({ op: 0, t: 'READY', s: 1, d: { session_id: 'a', resume_gateway_url: resumeUrl(port) } });
      if (op === 6) say({ op: 0, t: 'RESUMED', s: 2, d: {} });
    });
  });
  return { server, port, logins, drop: () => server.clients.forEach((socket) => socket.close(4000)) };
}

const listen = (url: string) =>
  createShard({ token: TOKEN, intents: 1, url, compression: 'none', timeouts: { close: 200 }, logger: silentLogger });

test('READY names a resume URL at another host: malformed, and RESUME with the token goes to the first URL', async () => {
  const own = await gateway('127.0.0.1', () => 'ws://192.0.2.1:1');
  await using shard = listen(`ws://127.0.0.1:${own.port}`);
  const malformed: string[] = [];
  shard.on('malformed', ({ reason }) => malformed.push(reason));
  await shard.connect();
  expect(shard.session?.resumeUrl).toBeNull();
  own.drop();
  await until(() => own.logins.length === 2 && shard.state === 'Connected');
  expect(own.logins.map(({ op }) => op)).toEqual([2, 6]);
  expect(malformed).toEqual([expect.stringContaining('READY with a resume_gateway_url that is not used')]);
  own.server.close();
});

test('READY names a resume URL with a password: the token goes to the first URL', async () => {
  const own = await gateway('127.0.0.1', (port) => `ws://user:pw@127.0.0.1:${port}`);
  await using shard = listen(`ws://127.0.0.1:${own.port}`);
  await shard.connect();
  expect(shard.session?.resumeUrl).toBeNull();
  own.server.close();
});

test(
  'a store row has a resume URL at another host: said, and RESUME goes to the first URL',
  scenario({}, async ({ simulator }) => {
    const store = createMemorySessionStore();
    await using before = shardOn(simulator, { sessionStore: store });
    await before.connect();
    await before.shutdown({ resumable: true });
    const row = await store.get(0);
    await store.set(0, { ...row!, resumeUrl: 'ws://192.0.2.1:1' });
    await using shard = shardOn(simulator, { sessionStore: store });
    const malformed: string[] = [];
    shard.on('malformed', ({ reason }) => malformed.push(reason));
    await shard.connect();
    expect(simulator.connections.at(-1)?.frames.some(({ op }) => op === 6)).toBe(true);
    expect(malformed).toEqual([expect.stringContaining('a session with a resume URL that is not used')]);
  }),
);

test('READY has a session_id of 10 000 characters: malformed, Connected, and 512 of them are kept', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  server.on('connection', (socket) => {
    socket.send('{"op":10,"d":{"heartbeat_interval":41250}}');
    socket.on('message', () => socket.send(`{"op":0,"t":"READY","s":1,"d":{"session_id":"${'x'.repeat(10_000)}"}}`));
  });
  await using shard = listen(`ws://127.0.0.1:${(server.address() as { port: number }).port}`);
  await shard.connect();
  expect(shard.session?.id).toHaveLength(512);
  expect(shard.stats.malformed).toBe(1);
  server.close();
});

test.each([
  ['trustedHosts', 'discord.gg'],
  ['trustedHosts', ['wss://discord.gg']],
  ['trustedHosts', [1]],
])('%s: %j is refused with INVALID_OPTION', async (_, trustedHosts) => {
  await using simulator = await simulate();
  expect(() => shardOn(simulator, { trustedHosts: trustedHosts as string[] })).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION' }),
  );
});

test('url() fails during an outage: a shard with a session resumes all the same, and url() was asked once', async () => {
  await using simulator = await simulate();
  let asked = 0;
  const url = () => {
    asked += 1;
    if (asked > 1) throw new Error('the API is down');
    return simulator.url;
  };
  await using shard = shardOn(simulator, { url });
  await shard.connect();
  simulator.reset();
  await until(() => simulator.connections.length === 2 && shard.state === 'Connected');
  expect(asked).toBe(1);
});
