import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createAuditLog,
  readAuditLog,
  replayAudit,
  type AuditLog,
  type ReplayRecord,
  type Shard,
  type TransitionRecord,
} from '../../src/index.js';
import { HISTORY_LENGTH } from '../../src/shard/observer.js';
import type { GatewaySimulator } from '../../src/simulator/index.js';
import { randomOf } from '../audit/recording.js';
import { reached, scenario, shardOn, simulate, TOKEN, until, within, type Scenario } from './rig.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shardchart-audit-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const path = (name: string) => join(folder, `${name}.log`);
const verified = (file: string) => replayAudit(readAuditLog(file));

/** As a log has them: JSON knows no undefined. */
const written = (records: readonly TransitionRecord[]) => JSON.parse(JSON.stringify(records)) as TransitionRecord[];

/** Drops the connection, and waits until the shard is up again with a beating heart. */
async function strike(shard: Shard, fault: () => unknown): Promise<void> {
  await until(
    () => shard.actor.getSnapshot().matches({ Online: { link: { session: { Connected: 'stable' } } } }),
    20_000,
  );
  let isOver = false;
  shard.once('transition', () => (isOver = true));
  fault();
  await until(() => isOver, 20_000);
}

describe.concurrent('the log of a shard verifies after', () => {
  const rows: (Scenario & { name: string; story: (simulator: GatewaySimulator, shard: Shard) => unknown })[] = [
    { name: 'a zombie', story: (s) => s.silence() },
    { name: 'a reset', story: (s) => s.reset() },
    { name: 'op 7', story: (s) => s.requestReconnect() },
    { name: 'op 9 true', story: (s) => s.invalidateSession(true) },
    { name: 'op 9 false', story: (s) => s.invalidateSession(false) },
    { name: 'corrupt data', story: (s) => s.sendCorrupt() },
    { name: 'a lost session', story: (s) => [s.loseSession(), s.reset()] },
    { name: 'a dead resume URL', story: (s) => [s.killResumeUrl(), s.reset()] },
    { name: 'an unanswered close', story: (s) => [s.ignoreClose(), s.requestReconnect()] },
    ...[1000, 1001, 4000, 4003, 4007, 4008, 4009, 4321].map((code) => ({
      name: `close code ${code}`,
      story: (s: GatewaySimulator) => s.closeWith(code, 'why'),
    })),
    { name: 'close code 4004', story: (s) => s.closeWith(4004) },
    { name: 'a refused upgrade', story: (s) => [s.next({ at: 'upgrade', refuse: 503 }), s.reset()] },
    { name: 'no HELLO', story: (s) => [s.next({ at: 'hello', skip: true }), s.reset()] },
    { name: 'no READY', story: (s) => [s.next({ at: 'identify', skip: true }), s.closeWith(4009)] },
    { name: 'no RESUMED', story: (s) => [s.next({ at: 'resume', skip: true }), s.reset()] },
    { name: 'a resume that replays', story: (s) => [s.reset(), ...'many'].map(() => s.dispatch('TYPING_START', {})) },
    { name: 'disconnect()', story: (_, shard) => shard.disconnect() },
    { name: 'reconnect()', story: (_, shard) => shard.reconnect() },
    { name: 'reinstantiate()', story: (_, shard) => shard.reinstantiate() },
    { name: 'forceClose() and connect()', story: (_, shard) => [shard.forceClose(), shard.connect()] },
  ];
  for (const { name, story, ...options } of rows) {
    it(name, async () => {
      const file = path(`fault ${name}`);
      await scenario(
        { ...options, simulator: { heartbeatInterval: 200 } },
        async ({ simulator, shard, transitions }) => {
          const log = createAuditLog({ file });
          log.attach(shard);
          await shard.connect();
          await strike(shard, () => story(simulator, shard));
          await until(() => shard.state === 'Connected' || name.endsWith('4004'), 12_000);
          await shard.shutdown();
          await log.close();
          expect(await verified(file)).toMatchObject({ ok: true, records: transitions.length });
          expect(await readAuditLog(file)).toMatchObject(written(transitions));
        },
      )();
    });
  }
});

/** Faults that a shard recovers from at once, by the number of a random value. */
const faults: readonly ((simulator: GatewaySimulator, shardId: number, random: () => number) => unknown)[] = [
  (s, id) => s.reset(id),
  (s, id) => s.requestReconnect(id),
  (s, id) => s.invalidateSession(true, id),
  (s, id) => s.sendCorrupt(id),
  (s, id) => s.silence(id),
  (s, id) => [s.ignoreClose(id), s.requestReconnect(id)],
  (s, id) => [s.loseSession(id), s.closeWith(4009, 'bye', id)],
  (s, id, random) =>
    s.closeWith([1000, 1001, 4000, 4001, 4002, 4005, 4007, 4008, 4242][Math.floor(random() * 9)] ?? 4000, 'why', id),
  (s, id) => [s.next({ at: 'upgrade', refuse: 503 }), s.reset(id)],
  (s, id) => [s.next({ at: 'hello', closeWith: 4000 }), s.reset(id)],
  (s, id) => [s.next({ at: 'resume', shardId: id, reset: true }), s.reset(id)],
  (s, id) => [s.next({ at: 'identify', shardId: id, closeWith: 4000 }), s.closeWith(4007, '', id)],
];

it('the log of forty shards and a thousand random faults verifies, and so does any slice of their histories', async () => {
  const [file, shardCount, faultCount] = [path('thousand'), 40, 1_000];
  const random = randomOf(42);
  const simulator = await simulate({ heartbeatInterval: 60, heartbeatSlack: 20_000, maxConcurrency: shardCount });
  const shards = Array.from({ length: shardCount }, (_, id) =>
    shardOn(simulator, { id, total: shardCount, backoff: { initial: 1, max: 2, stableAfter: 5 } }),
  );
  const log = createAuditLog({ file, rotate: { maxBytes: 100_000_000 } });
  let records = 0;
  for (const shard of shards) {
    log.attach(shard);
    shard.on('transition', () => (records += 1));
  }
  try {
    await Promise.all(
      shards.map(async (shard) => {
        await shard.connect();
        for (let times = 0; times < faultCount / shardCount; times += 1) {
          const fault = faults[Math.floor(random() * faults.length)] ?? (() => {});
          await strike(shard, () => fault(simulator, shard.id, random));
        }
      }),
    );
    await Promise.all(shards.map((shard) => shard.shutdown()));
    await log.close();
    expect(records).toBeGreaterThan(faultCount * 3);
    expect(log).toMatchObject({ written: records, dropped: 0 });
    expect(await verified(file)).toEqual({ ok: true, records, shards: shardCount });
    for (const { history } of shards) {
      expect(history).toHaveLength(HISTORY_LENGTH);
      for (let from = 0; from < HISTORY_LENGTH; from += 7) {
        const slice = history.slice(from, from + 9);
        expect(replayAudit(slice)).toEqual({ ok: true, records: slice.length, shards: 1 });
      }
    }
  } finally {
    await Promise.all(shards.map((shard) => shard.shutdown()));
    await simulator.close();
  }
}, 90_000);

describe.concurrent('shard.history', () => {
  it(
    'has what the transition event told, oldest first, and no more than fifty',
    scenario({ simulator: { heartbeatInterval: 50 } }, async ({ simulator, shard, transitions }) => {
      expect(shard.history).toEqual([]);
      let seenByListener: readonly TransitionRecord[] = [];
      shard.once('transition', () => (seenByListener = shard.history));
      await shard.connect();
      expect(seenByListener).toHaveLength(1);
      while (transitions.length <= HISTORY_LENGTH + 5) await strike(shard, () => simulator.reset());
      await shard.shutdown();
      expect(shard.history).toEqual(transitions.slice(-HISTORY_LENGTH));
      expect(replayAudit(shard.history)).toMatchObject({ ok: true, records: HISTORY_LENGTH });
    }),
  );

  it(
    'does not grow while nothing happens, however many heartbeats and sends there are',
    scenario({ simulator: { heartbeatInterval: 20 } }, async ({ simulator, shard }) => {
      await shard.connect();
      await until(() => shard.heart.acknowledged > 20);
      await shard.send({ op: 31, d: {} });
      const { length } = shard.history;
      await strike(shard, () => simulator.reset());
      const { since } = shard.history[length] as ReplayRecord;
      // The ack and the time that made the connection stable, in either order.
      expect(since?.map(({ type }) => type.split('.shard.')[0]).toSorted()).toEqual([
        'gateway.acknowledged',
        'xstate.after.stableAfter',
      ]);
    }),
  );
});

describe.concurrent('an audit log', () => {
  it('that is attached in mid-life begins with what the shard remembers, and one for all shards has all', async () => {
    const file = path('two shards');
    const simulator = await simulate({ heartbeatInterval: 50, maxConcurrency: 2 });
    const shards = [0, 1].map((id) => shardOn(simulator, { id, total: 2 }));
    const log = createAuditLog({ file });
    try {
      await Promise.all(shards.map((shard) => shard.connect()));
      await strike(shards[0] as Shard, () => simulator.reset(0));
      for (const shard of shards) log.attach(shard);
      await strike(shards[1] as Shard, () => simulator.closeWith(4009, 'bye', 1));
      await Promise.all(shards.map((shard) => shard.shutdown()));
      await log.close();
      const records = await readAuditLog(file);
      for (const { id, history } of shards) {
        expect(records.filter(({ shardId }) => shardId === id)).toMatchObject(written(history));
      }
      expect(replayAudit(records)).toEqual({ ok: true, records: records.length, shards: 2 });
    } finally {
      await Promise.all(shards.map((shard) => shard.shutdown()));
      await simulator.close();
    }
  });

  it('keeps two live shards of one id apart: two bots, and one that takes over while the other closes', async () => {
    const file = path('one id');
    const simulators = await Promise.all([simulate(), simulate()]);
    const [first, second] = simulators.map((simulator) => shardOn(simulator)) as [Shard, Shard];
    const successor = shardOn(simulators[1] as GatewaySimulator);
    const log = createAuditLog({ file });
    try {
      for (const shard of [first, second]) log.attach(shard);
      await Promise.all([first.connect(), second.connect()]);
      await second.shutdown();
      simulators[0]?.ignoreClose();
      const gone = first.shutdown();
      log.attach(successor);
      await successor.connect();
      await gone;
      await successor.shutdown();
      await log.close();
      const records = await readAuditLog(file);
      expect(new Set(records.map(({ life }) => life))).toEqual(new Set([1, 2, 3]));
      expect(replayAudit(records)).toEqual({ ok: true, records: records.length, shards: 1 });
    } finally {
      await Promise.all([first, second, successor].map((shard) => shard.shutdown()));
      await Promise.all(simulators.map((simulator) => simulator.close()));
    }
  });

  it('never has the token in it, wherever it was said', async () => {
    const file = path('secret');
    const logs: AuditLog[] = [];
    let failures = 0;
    const secretly = () => {
      failures += 1;
      if (failures < 3) throw Object.assign(new Error(`401 for Bot ${TOKEN}`), { config: { token: TOKEN } });
    };
    const limiter = {
      acquire: async () => {
        secretly();
        return { commit: () => true, cancel() {} };
      },
    };
    await scenario(
      {
        simulator: { heartbeatInterval: 100, identifyWindow: 0 },
        shard: { identifyLimiter: limiter, makePresence: () => Promise.reject(new Error(TOKEN)) },
      },
      async ({ simulator, shard }) => {
        const log = createAuditLog({ file });
        logs.push(log);
        log.attach(shard);
        await shard.connect();
        for (const fault of [
          () => simulator.closeWith(4000, `your token is ${TOKEN}`),
          () => simulator.closeWith(4009, TOKEN),
          () => simulator.sendCorrupt(),
          () => shard.disconnect({ code: 4900, reason: 'asked' }),
        ]) {
          await strike(shard, fault);
        }
        await until(() => shard.state === 'Connected');
        simulator.sendText(`garbage with ${TOKEN} in it`);
        simulator.closeWith(4004, `wrong: ${TOKEN}`);
        await reached(shard, 'Offline');
      },
    )();
    await logs[0]?.close();
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('[redacted]');
    expect(text).not.toContain(TOKEN.slice(0, 12));
    expect(await verified(file)).toMatchObject({ ok: true });
  });
});

const program = fileURLToPath(new URL('../programs/audit.mjs', import.meta.url));
const isBuilt = existsSync(fileURLToPath(new URL('../../dist/src/audit/index.js', import.meta.url)));

describe.runIf(isBuilt).concurrent('nothing is lost in a process that', () => {
  for (const [deed, code] of [
    ['leaves by process.exit', 7],
    ['ends by an exception that is not caught', 1],
    ['closes its shard in a listener of the exit', 7],
    ['ends by itself without closing the log', 0],
  ] as const) {
    it(deed, async () => {
      const file = path(deed);
      const child = start(file, deed);
      expect(await child.exited).toBe(code);
      expect(await verified(file)).toMatchObject({ ok: true, records: Number(child.output()) });
    });
  }
});

it.runIf(isBuilt)(
  'kill -9 tears one line at most; the rest verifies, and the next process goes on in the same file',
  async () => {
    const file = path('killed');
    let verifiedBefore = 0;
    for (let times = 0; times < 4; times += 1) {
      const sizeBefore = existsSync(file) ? statSync(file).size : 0;
      const child = start(file, 'goes on until it is killed');
      await until(() => existsSync(file) && statSync(file).size > sizeBefore + 4_000 + times * 777, 20_000);
      child.process.kill('SIGKILL');
      await within(10_000, child.exited);
      const reader = readAuditLog(file);
      const result = await replayAudit(reader);
      expect(result).toMatchObject({ ok: true, shards: 1 });
      expect(reader.skipped).toEqual([]);
      const { records } = result as { records: number };
      expect(records).toBeGreaterThan(verifiedBefore);
      const lines = readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '').length;
      expect(lines - records).toBeLessThanOrEqual(times + 1);
      verifiedBefore = records;
    }
  },
);

function start(
  file: string,
  deed: string,
): { process: ChildProcess; exited: Promise<number | null>; output: () => string } {
  const child = spawn(process.execPath, [program, file, deed], { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { process: child, exited: new Promise((resolve) => child.once('close', resolve)), output: () => output };
}
