// A bot whose user code throws, or rejects with, values that cannot be made a string. It prints, as JSON, every hook after
// which something escaped, waited for ever, or was not in the log.
import { PassThrough } from 'node:stream';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createAuditLog,
  createFileSessionStore,
  createIdentifyLimiter,
  createMemorySessionStore,
  createShard,
  createShardManager,
} from '../../dist/src/index.js';
import { createGatewaySimulator } from '../../dist/src/simulator/index.js';

const refuse = () => {
  throw new Error('a trap of the proxy');
};
const traps = Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((name) => [name, refuse]));
const values = {
  'an object without a prototype': () => Object.create(null),
  'a proxy whose traps throw': () => new Proxy({}, traps),
  undefined: () => undefined,
  'a symbol': () => Symbol('thrown'),
  'an error whose message throws': () => Object.defineProperty(new Error('x'), 'message', { get: refuse }),
};
const ways = {
  throws: (value) => {
    throw value;
  },
  rejects: (value) => Promise.reject(value),
  'returns what throws when it is awaited': () => new Proxy({}, { get: refuse }),
};

const escaped = [];
process.on('uncaughtException', () => escaped.push('an exception'));
process.on('unhandledRejection', () => escaped.push('a rejection'));
process.on('warning', ({ message }) => warnings.push(message));
const warnings = [];

const folder = mkdtempSync(join(tmpdir(), 'shardchart-'));
const simulator = await createGatewaySimulator({ identifyWindow: 0, heartbeatInterval: 200 });

/** Fails the first time, and works from then on. */
const once = (fail, then) => {
  let failed = false;
  return (...args) => {
    if (failed) return then?.(...args);
    failed = true;
    return fail();
  };
};

const within = (ms, promise, what) => {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(reject, ms, new Error(`${what} takes for ever`))));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

const until = async (condition, what) => {
  for (const end = performance.now() + 5_000; !condition();) {
    if (performance.now() > end) throw new Error(what);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

/** Brings a shard with these options up and down. The log must have a line that matches. */
function shardWith(options, said, use = async () => {}) {
  return async (fail) => {
    const lines = [];
    const line = (text) => void lines.push(text);
    const shard = createShard({
      token: 'token',
      intents: 0,
      url: simulator.url,
      backoff: { initial: 1, max: 5 },
      identifyLimiter: createIdentifyLimiter({ window: 0 }),
      logger: { debug() {}, info: line, warn: line, error: line },
      ...options(fail),
    });
    await use(shard, fail);
    await within(5_000, shard.connect(), 'connect()');
    await within(5_000, new Promise((resolve) => shard.once('heartbeat', resolve)), 'a heartbeat');
    await within(5_000, shard.shutdown(), 'shutdown()');
    await until(() => said === null || lines.some((text) => said.test(text)), `not in the log: ${said}`);
  };
}

const store = (method) =>
  shardWith(
    (fail) => ({ sessionStore: { ...createMemorySessionStore(), [method]: once(fail) } }),
    /the session store could not be/,
  );
const limiter = (grantOf) => (fail) => {
  const own = createIdentifyLimiter({ window: 0 });
  return {
    identifyLimiter: {
      acquire: once(
        () => grantOf(fail),
        (id, given) => own.acquire(id, given),
      ),
    },
  };
};
const listenTo = (name) =>
  shardWith(
    () => ({}),
    new RegExp(`a listener of "${name}" failed`),
    async (shard, fail) => {
      let reached = false;
      shard.once(name, fail).once(name, () => (reached = true));
      setTimeout(() => reached || escaped.push('a listener was left out'), 4_000).unref();
    },
  );

const hooks = {
  'a listener of transition': listenTo('transition'),
  'a listener of READY': listenTo('READY'),
  'a listener of ready': listenTo('ready'),
  'a listener of dispatch': listenTo('dispatch'),
  'a listener of raw': listenTo('raw'),
  'identifyLimiter.acquire': shardWith(
    limiter((fail) => fail()),
    /identify limiter failed/,
  ),
  'grant.commit': shardWith(
    limiter((fail) => ({ commit: fail, cancel() {} })),
    /identify limiter failed/,
  ),
  'grant.cancel': shardWith(
    (fail) => {
      const own = createIdentifyLimiter({ window: 0 });
      const late = once(
        () => new Promise((resolve) => setTimeout(resolve, 50, { commit: () => true, cancel: fail })),
        (id, given) => own.acquire(id, given),
      );
      return { identifyLimiter: { acquire: late } };
    },
    /could not cancel a grant/,
    async (shard) => {
      void shard.connect();
      await until(() => shard.state === 'Identifying', 'it does not identify');
      await shard.close();
    },
  ),
  url: shardWith((fail) => ({ url: once(fail, () => simulator.url) }), /no connection/),
  makePresence: shardWith((fail) => ({ makePresence: fail }), /makePresence failed/),
  'sessionStore.get': store('get'),
  'sessionStore.set': store('set'),
  'sessionStore.delete': shardWith(
    (fail) => ({ sessionStore: { ...createMemorySessionStore(), delete: fail } }),
    /the session store could not be written/,
  ),
  logger: shardWith((fail) => ({ logger: { debug: fail, info: fail, warn: fail, error: fail } }), null),
  'an inspection function': shardWith((fail) => ({ inspect: fail }), /the inspection observer failed/),
  'an inspection observer': shardWith((fail) => ({ inspect: { next: fail } }), /the inspection observer failed/),
  async identifyHook(fail) {
    await managed({ identifyHook: once(fail) });
  },
  async 'sessionStore.setTotal'(fail) {
    await managed({ sessionStore: { ...createMemorySessionStore(), setTotal: fail } }, /setTotal\(2\) failed/);
  },
  async 'a listener of a manager'(fail) {
    await managed({}, /a listener of "ready" failed/, (manager) => manager.on('ready', fail));
  },
  async 'onError of an audit log'(fail) {
    const stream = new PassThrough();
    const log = createAuditLog({ stream, onError: fail });
    stream.destroy(new Error('the disk'));
    await until(() => warnings.some((text) => text.includes('reporting it failed')), 'no warning');
    await log.close();
  },
  async 'a stream of an audit log'(fail) {
    const stream = new PassThrough();
    stream.write = fail;
    const shardOf = shardWith(
      () => ({}),
      null,
      async (shard) => void createAuditLog({ stream, onError() {} }).attach(shard),
    );
    await shardOf(fail);
  },
  async 'onError of a session file'(fail) {
    const file = join(folder, `${files++}.json`);
    writeFileSync(file, 'not JSON');
    const sessionStore = createFileSessionStore(file, { onError: fail });
    await shardWith(() => ({ sessionStore }), null)(fail);
    await sessionStore.close();
  },
};
let files = 0;

async function managed(options, said = null, use = () => {}) {
  const lines = [];
  const line = (text) => void lines.push(text);
  const manager = createShardManager({
    token: 'token',
    intents: 0,
    total: 2,
    identifyWindow: 0,
    gatewayInfo: {
      url: simulator.url,
      shards: 2,
      session_start_limit: { total: 1_000, remaining: 1_000, reset_after: 1_000_000, max_concurrency: 2 },
    },
    options: { backoff: { initial: 1, max: 5 } },
    logger: { debug() {}, info() {}, warn: line, error: line },
    ...options,
  });
  use(manager);
  await within(5_000, manager.connect(), 'connect()');
  await within(5_000, manager.shutdown(), 'shutdown()');
  if (said !== null && !lines.some((text) => said.test(text))) throw new Error(`not in the log: ${said}`);
}

const failures = [];
for (const [hook, run] of Object.entries(hooks)) {
  await Promise.all(
    Object.entries(ways).flatMap(([way, fail]) =>
      Object.entries(values).map(([value, make]) =>
        run(() => fail(make())).catch((error) => failures.push(`${hook} ${way} ${value}: ${error.message}`)),
      ),
    ),
  );
  for (const what of escaped.splice(0)) failures.push(`${hook}: ${what} escaped`);
}
await simulator.close();
rmSync(folder, { recursive: true });
await new Promise((resolve) => setTimeout(resolve, 50));
process.stdout.write(JSON.stringify([...failures, ...escaped]));
process.exit();
