// The cost of an audit log for a transition: npm run bench:audit -- [--json] [--quick]. Ratios, for a time says nothing of
// another machine. Runs on dist.
//
// Measured is the main thread from an event's arrival to the listeners' return, and for the file until the system has it
// all: the shard's chart with actors that do nothing, and the ShardObserver of src, which is what makes records of its steps.
// There are no sockets: a reconnect over a real one takes hundreds of times as long.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createActor, fromCallback, SimulatedClock } from 'xstate';
import { shardMachine } from '../../dist/machines/index.js';
import { createWire } from '../../dist/src/actors/wire.js';
import { Emitter } from '../../dist/src/util/emitter.js';
import { createAuditLog } from '../../dist/src/index.js';
import { Waiters } from '../../dist/src/util/waiters.js';
import { ShardObserver } from '../../dist/src/shard/observer.js';
import { identityOf } from '../../dist/src/protocol/identity.js';
import { SessionKeeper } from '../../dist/src/sessions/sessionKeeper.js';

// --quick only shows that it still runs.
const isQuick = process.argv.includes('--quick');
const ROUNDS = isQuick ? 1 : 15;
const CYCLES = isQuick ? 5 : 400;
const BEATS = isQuick ? 50 : 20_000;

const quiet = () => {};
const inert = fromCallback(quiet);
const charts = shardMachine.provide({ actors: { socket: inert, slot: inert, heartbeat: inert, bucket: inert } });
const input = {
  shardId: 0,
  session: null,
  autoReconnect: true,
  resumeAttempts: 3,
  seed: 1,
  timeouts: { handshakeMs: 15_000, helloMs: 15_000, readyMs: 15_000, resumedMs: 30_000, closeMs: 2_000 },
  backoff: { initialMs: 0, maxMs: 0 },
};
const session = { id: 'a session id of thirty-two digits', sequence: 7, resumeUrl: 'wss://resume.example' };
const hello = { type: 'gateway.hello', heartbeatIntervalMs: 41_250 };
const ack = { type: 'gateway.acknowledged', latencyMs: 40 };
const closed = { type: 'socket.closed', code: 4000, reason: '', sequence: 9, retryAfterMs: null };

/** A shard's chart that is up, and with `isWatched` the observer and what it tells, as in a shard. */
function shard(isWatched) {
  const clock = new SimulatedClock();
  const actor = createActor(charts, { input, clock });
  const emitter = new Emitter(quiet);
  let observer;
  if (isWatched) {
    observer = new ShardObserver({
      actor,
      emitter,
      wire: createWire(),
      rejectPending: quiet,
      keeper: new SessionKeeper(undefined, identityOf(1, 0, 0 + 1), quiet),
      waiters: { connected: new Waiters(), offline: new Waiters() },
      logger: { isDefault: true, announce: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet },
      identifiedWith: { intents: 0, id: 0, total: 1 },
    });
  }
  actor.start();
  for (const event of [{ type: 'connect', session }, { type: 'socket.opened' }, hello]) actor.send(event);
  actor.send({ type: 'gateway.resumed', sequence: 8 });
  return {
    get history() {
      return observer?.history.toArray() ?? [];
    },
    on: (name, listener) => emitter.add(name, listener, false),
    off: (name, listener) => emitter.remove(name, listener),
    /** Drops and resumes: four transitions. */
    cycle() {
      actor.send(ack);
      actor.send(closed);
      clock.increment(1);
      actor.send({ type: 'socket.opened' });
      actor.send(hello);
      actor.send({ type: 'gateway.resumed', sequence: 9 });
    },
    beat: () => actor.send(ack),
    stop: () => actor.stop(),
  };
}

const TRANSITIONS = 4;
const folder = mkdtempSync(join(tmpdir(), 'shardchart-bench-'));
let files = 0;

const variants = {
  'chart alone': () => ({ shard: shard(false) }),
  'nothing attached': () => ({ shard: shard(true) }),
  'log in memory': () => ({ shard: shard(true), log: createAuditLog({ capacity: 1_000 }) }),
  'log to a file': () => ({ shard: shard(true), log: createAuditLog({ file: join(folder, `${(files += 1)}.log`) }) }),
};

/** Microseconds a transition, and a heartbeat's ack, which makes none. */
async function measure(make) {
  const { shard, log } = make();
  log?.attach(shard);
  for (let warm = 0; warm < 20; warm += 1) shard.cycle();
  let start = performance.now();
  for (let cycle = 0; cycle < CYCLES; cycle += 1) shard.cycle();
  const ran = performance.now() - start;
  await log?.close();
  const transition = ((performance.now() - start) / CYCLES / TRANSITIONS) * 1_000;
  shard.beat();
  start = performance.now();
  for (let beat = 0; beat < BEATS; beat += 1) shard.beat();
  const beat = ((performance.now() - start) / BEATS) * 1_000;
  shard.stop();
  return { transition, blocking: (ran / CYCLES / TRANSITIONS) * 1_000, beat };
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

const samples = Object.fromEntries(Object.keys(variants).map((name) => [name, []]));
for (let round = 0; round <= ROUNDS; round += 1) {
  for (const [name, make] of Object.entries(variants)) {
    const sample = await measure(make);
    // The first round warms up.
    if (round > 0) samples[name].push(sample);
  }
}
rmSync(folder, { recursive: true });

const results = Object.entries(samples).map(([name, taken]) => ({
  name,
  transitionUs: median(taken.map(({ transition }) => transition)),
  blockingUs: median(taken.map(({ blocking }) => blocking)),
  ackUs: median(taken.map(({ beat }) => beat)),
}));
const [, base] = results;

if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ node: process.version, rounds: ROUNDS, transitions: CYCLES * TRANSITIONS, results }));
} else {
  const columns = { 'a transition': 'transitionUs', 'of it on the event loop': 'blockingUs', 'an ack': 'ackUs' };
  console.log(`Medians of ${ROUNDS} rounds, as multiples of a shard with nothing attached; Node ${process.version}`);
  console.log([' '.repeat(16), ...Object.keys(columns)].join('   '));
  for (const result of results) {
    const cells = Object.entries(columns).map(([title, key]) =>
      (result[key] / base[key]).toFixed(2).padStart(title.length),
    );
    console.log([result.name.padEnd(16), ...cells].join('   '));
  }
}
