// A program that calls every member that returns a promise and ignores the promise: before connect(), while up, at a close, a
// fatal close and a shutdown. It prints, as JSON, the members that it did not know, the rejections that nothing handled, and
// the lines of the log.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createAuditLog,
  createFileSessionStore,
  createIdentifyLimiter,
  createShard,
  createShardManager,
  fetchGatewayInfo,
  readAuditLog,
  replayAudit,
} from '../../dist/src/index.js';
import { serveAuditDashboard, serveDashboard } from '../../dist/src/dashboard/index.js';
import { attachInspector } from '../../dist/src/inspector/index.js';
import { createGatewaySimulator } from '../../dist/src/simulator/index.js';

const unhandled = [];
process.on('unhandledRejection', (error) => unhandled.push(String(error?.stack ?? error)));

const lines = [];
const log = (text) => void lines.push(text);
const logger = { debug() {}, info() {}, warn: log, error: log };
const folder = mkdtempSync(join(tmpdir(), 'shardchart-'));
const simulator = await createGatewaySimulator({ identifyWindow: 0, sendLimit: 10_000 });
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const WRONG = Object.freeze({ wrong: true });
const presence = { op: 3, d: { since: null, activities: [], status: 'online', afk: false } };

/** Calls of each member of a shard whose promise is ignored: right ones and wrong ones. */
const shardCalls = {
  connect: (shard) => shard.connect(),
  identify: (shard) => shard.identify(),
  resume: (shard) => shard.resume(),
  reconnect: (shard) => shard.reconnect(),
  reinstantiate: (shard) => shard.reinstantiate(),
  close: (shard) => shard.close({ code: 1 }),
  shutdown: (shard) => shard.shutdown({ code: 1 }),
  send: (shard) => [shard.send(presence), shard.send({ op: 4, d: {} }), shard.send(WRONG), shard.send(null)],
  updatePresence: (shard) => [shard.updatePresence({ status: 'online' }), shard.updatePresence(WRONG)],
  requestGuildMembers: (shard) => [
    shard.requestGuildMembers({ guild_id: '1', user_ids: ['1'] }),
    shard.requestGuildMembers(WRONG),
  ],
  requestGuildMembersIterator: (shard) => [
    shard.requestGuildMembersIterator({ guild_id: '1', user_ids: ['1'] }).next(),
    shard.requestGuildMembersIterator(WRONG).next(),
    shard.requestGuildMembersIterator(WRONG).throw(new Error('mine')),
  ],
  updateVoiceState: (shard) => [
    shard.updateVoiceState({ guild_id: '1', channel_id: null, self_mute: false, self_deaf: false }),
    shard.updateVoiceState(WRONG),
  ],
  requestSoundboardSounds: (shard) => [shard.requestSoundboardSounds(['1']), shard.requestSoundboardSounds(WRONG)],
  requestChannelInfo: (shard) => [
    shard.requestChannelInfo({ guild_id: '1', fields: ['status'] }),
    shard.requestChannelInfo(WRONG),
  ],
  events: (shard) => [shard.events().next(), shard.events({ signal: AbortSignal.abort() }).next()],
  ping: (shard) => shard.ping(),
};
const managerCalls = {
  connect: (manager) => manager.connect(),
  scale: (manager) => [manager.scale([0]), manager.scale(WRONG)],
  restart: (manager) => [manager.restart(), manager.restart({ rolling: 1 })],
  reshard: (manager) => [manager.reshard(2), manager.reshard(-1)],
  close: (manager) => manager.close({ code: 1 }),
  shutdown: () => [],
  send: (manager) => [manager.send(0, presence), manager.send(77, presence), manager.send(0, WRONG)],
  broadcast: (manager) => [manager.broadcast(presence), manager.broadcast(WRONG)],
  events: (manager) => manager.events({ signal: AbortSignal.abort() }).next(),
};
const simulatorCalls = {
  waitForFrame: (it) => [
    it.waitForFrame(() => false, { timeout: 1 }),
    it.waitForFrame(() => false),
    it.waitForFrame(() => {
      throw new Error('mine');
    }),
  ],
  close: () => [],
};
const noPromise = {
  Shard: ['isOpen', 'calculateSafeRequests', 'on', 'once', 'off', 'disconnect', 'forceClose'],
  ShardManager: ['forceClose', 'shardFor', 'getAveragePing', 'getCurrentSessions', 'status', 'on', 'once', 'off'],
  GatewaySimulator: [
    'dispatch',
    'dispatchToGuild',
    'clearFaults',
    'next',
    'apply',
    'killResumeUrl',
    'reviveResumeUrl',
    'onFrame',
    'snowflake',
    'user',
    'member',
    'guild',
    'message',
  ],
};

/** Methods of a class that its table does not name. */
function unknownMembers(type, calls) {
  return Object.entries(Object.getOwnPropertyDescriptors(type.prototype))
    .filter(([name, { value }]) => typeof value === 'function' && name !== 'constructor')
    .map(([name]) => name)
    .filter((name) => !(name in calls) && !noPromise[type.name].includes(name))
    .map((name) => `${type.name}.${name}`);
}
const unknown = [
  ...unknownMembers(createShard({ token: 'token', intents: 0 }).constructor, shardCalls),
  ...unknownMembers(createShardManager({ token: 'token', intents: 0, total: 1 }).constructor, managerCalls),
  ...unknownMembers(simulator.constructor, simulatorCalls),
];

/** Calls every member of the table and drops what it returns. */
const callAll = (calls, it) => {
  for (const call of Object.values(calls)) call(it);
};
const shardOf = () =>
  createShard({
    token: 'token',
    intents: 0,
    url: simulator.url,
    identifyLimiter: createIdentifyLimiter({ window: 0 }),
    backoff: { initial: 1, max: 5 },
    queue: { max: 5 },
    logger,
  });
const until = async (condition) => {
  while (!condition()) await pause(5);
};

const endings = {
  'a close': (shard) => void shard.close(),
  'a forced close': (shard) => shard.forceClose(),
  'a shutdown': (shard) => void shard.shutdown(),
  'a fatal close': () => simulator.closeWith(4004),
};
for (const end of Object.values(endings)) {
  // On its way up: everything waits.
  const waiting = shardOf();
  void waiting.connect();
  void waiting.send(presence);
  callAll(shardCalls, waiting);
  end(waiting);
  await waiting.shutdown();
  callAll(shardCalls, waiting);
  const shard = shardOf();
  await shard.connect();
  for (const call of Object.values({
    ...shardCalls,
    identify: () => {},
    reconnect: () => {},
    reinstantiate: () => {},
  })) {
    call(shard);
  }
  await pause(20);
  end(shard);
  await until(() => shard.state === 'Offline');
  callAll(shardCalls, shard);
  await shard.shutdown();
}

const manager = createShardManager({
  token: 'token',
  intents: 0,
  total: 1,
  api: simulator.apiUrl,
  identifyWindow: 0,
  logger,
});
callAll(managerCalls, manager);
await manager.connect();
callAll(managerCalls, manager);
await pause(50);
void manager.close();
await manager.shutdown();
callAll(managerCalls, manager);

const store = createFileSessionStore(join(folder, 'sessions.json'), { onError() {} });
void store.set(-1, WRONG);
void store.setTotal(-1);
void store.get(0);
await store.close();
void store.set(0, { id: 'a', sequence: 1, resumeUrl: 'ws://localhost' });
void store.delete(0);
void store.setTotal(2);

const limiter = createIdentifyLimiter();
void limiter.acquire(0, { signal: AbortSignal.abort() });
void fetchGatewayInfo('');
void createGatewaySimulator({ port: -1 });
void serveAuditDashboard(join(folder, 'no.jsonl'));
void replayAudit(readAuditLog(join(folder, 'no.jsonl')));
const audit = createAuditLog({ file: join(folder, 'audit.jsonl') });
void audit.close();
const last = shardOf();
const dashboards = [1, 2].map(() => serveDashboard(last, { port: 42_137, logger }));
const inspectors = [1, 2].map(() => attachInspector(last, { port: 42_138, logger }));
for (const server of [...dashboards, ...inspectors]) void server.stop();
callAll(simulatorCalls, simulator);
await last.shutdown();
await simulator.close();
await pause(100);
rmSync(folder, { recursive: true });
process.stdout.write(JSON.stringify({ unknown, unhandled, lines }));
process.exit();
