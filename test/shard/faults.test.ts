import { describe, expect, it } from 'vitest';
import type { ShardOptions } from '../../src/index.js';
import type { Fault, GatewaySimulator } from '../../src/simulator/index.js';
import { flow, reached, scenario, story, until } from './rig.js';

interface Row {
  name: string;
  /** How the connections authenticated, the first included. */
  story: string[];
  shard?: Partial<ShardOptions>;
  /** How the client closed the connection that failed; null where it did not. */
  closesWith?: number | null;
  /** Where the session was lost, so were the dispatches of that time. */
  loses?: true;
  /** No dispatches while the shard is away: they would be progress it waits on for. */
  quiet?: true;
}

const resumed = ['identify /', 'resume /resume'];
const again = [...resumed, 'resume /resume'];
const twice = ['identify /', 'identify /'];
const refused = [...resumed, 'identify /'];

const live: (Row & { strike: (simulator: GatewaySimulator) => void })[] = [
  { name: 'a silent connection (zombie)', strike: (s) => s.silence(), story: resumed, closesWith: 4900 },
  { name: 'a connection reset', strike: (s) => s.reset(), story: resumed, closesWith: null },
  { name: 'op 7', strike: (s) => s.requestReconnect(), story: resumed, closesWith: 4900 },
  { name: 'op 7 twice', strike: (s) => [1, 2].forEach(() => s.requestReconnect()), story: resumed, closesWith: 4900 },
  {
    name: 'op 7 on a half-open connection, which never answers the close',
    strike: (s) => [s.ignoreClose(), s.requestReconnect()],
    story: resumed,
    closesWith: 4900,
  },
  {
    name: 'a zombie that is half-open too',
    strike: (s) => [s.ignoreClose(), s.silence()],
    story: resumed,
    closesWith: 4900,
  },
  { name: 'op 9 true, unprompted', strike: (s) => s.invalidateSession(true), story: resumed, closesWith: 4900 },
  {
    name: 'op 9 false, unprompted',
    strike: (s) => s.invalidateSession(false),
    story: twice,
    closesWith: 4900,
    loses: true,
  },
  { name: 'corrupt zlib data', strike: (s) => s.sendCorrupt(), story: resumed, closesWith: 4900 },
  {
    name: 'corrupt data without a transport compression',
    strike: (s) => s.sendCorrupt(),
    shard: { compression: 'none' },
    story: resumed,
    closesWith: 4900,
  },
  {
    name: 'a session lost before the resume',
    strike: (s) => [s.loseSession(), s.reset()],
    story: refused,
    loses: true,
  },
  {
    name: 'a close handshake that ends in a reset',
    strike: (s) => [s.next({ at: 'close', reset: true }), s.requestReconnect()],
    story: resumed,
  },
  {
    name: 'a close handshake that takes long',
    strike: (s) => [s.next({ at: 'close', delay: 150 }), s.requestReconnect()],
    story: resumed,
  },
  {
    name: 'op 7 and a reset at once',
    strike: (s) => [s.requestReconnect(), s.reset()],
    story: resumed,
  },
];

const onResume: (Row & { script: Fault[] })[] = [
  { name: 'RESUME is not answered', script: [{ at: 'resume', skip: true }], story: again },
  { name: 'RESUME is answered with a reset', script: [{ at: 'resume', reset: true }], story: again },
  { name: 'RESUME is answered with op 9 true', script: [{ at: 'resume', invalidSession: true }], story: again },
  {
    name: 'RESUME is answered with op 9 false',
    script: [{ at: 'resume', invalidSession: false }],
    story: refused,
    loses: true,
  },
  { name: 'RESUME is answered with 4000', script: [{ at: 'resume', closeWith: 4000 }], story: again },
  { name: 'RESUME is answered with 4007', script: [{ at: 'resume', closeWith: 4007 }], story: refused, loses: true },
  { name: 'RESUME is answered with 4009', script: [{ at: 'resume', closeWith: 4009 }], story: refused, loses: true },
  { name: 'RESUME is answered with silence', script: [{ at: 'resume', silence: true }], story: again },
  { name: 'RESUMED never comes', script: [{ at: 'resumed', skip: true }], story: again, quiet: true },
  { name: 'RESUMED comes late', script: [{ at: 'resumed', delay: 200 }], story: resumed },
  { name: 'the connection drops in the midst of the replay', script: [{ at: 'replay', reset: true }], story: again },
  { name: 'the replay turns silent', script: [{ at: 'replay', silence: true }], story: again },
  { name: 'the replay is slow', script: [{ at: 'replay', delay: 40, times: 8 }], story: resumed },
  {
    name: 'the replay is slower in all than RESUMED may be late',
    script: [{ at: 'replay', delay: 200, times: 4 }],
    story: resumed,
  },
  { name: 'op 7 comes in the midst of the replay', script: [{ at: 'replay', reconnect: true }], story: again },
  { name: 'the stream is corrupted in the replay', script: [{ at: 'replay', sendCorrupt: true }], story: again },
  { name: 'the connection drops right after RESUMED', script: [{ at: 'resumed', reset: true }], story: again },
  { name: 'the resume URL sends no HELLO', script: [{ at: 'hello', url: 'resume', skip: true }], story: resumed },
  { name: 'the resume URL resets', script: [{ at: 'upgrade', url: 'resume', reset: true }], story: resumed },
  { name: 'the resume URL answers 503', script: [{ at: 'upgrade', url: 'resume', refuse: 503 }], story: resumed },
  { name: 'the resume URL hangs', script: [{ at: 'upgrade', url: 'resume', hang: true }], story: resumed },
];

const onIdentify: { name: string; script: Fault[]; story: string[]; unheard?: string[] }[] = [
  { name: 'HELLO never comes', script: [{ at: 'hello', skip: true }], story: ['identify /'] },
  { name: 'HELLO comes late', script: [{ at: 'hello', delay: 150 }], story: ['identify /'] },
  { name: 'the connection drops instead of HELLO', script: [{ at: 'hello', reset: true }], story: [] },
  { name: 'op 7 follows HELLO', script: [{ at: 'hello', reconnect: true }], story: [] },
  { name: 'READY never comes', script: [{ at: 'ready', skip: true }], story: twice },
  { name: 'READY comes late', script: [{ at: 'ready', delay: 150 }], story: ['identify /'] },
  { name: 'IDENTIFY is not answered', script: [{ at: 'identify', skip: true }], story: twice },
  { name: 'IDENTIFY is answered with a reset', script: [{ at: 'identify', reset: true }], story: twice },
  { name: 'IDENTIFY is answered with op 7', script: [{ at: 'identify', reconnect: true }], story: twice },
  { name: 'IDENTIFY is answered with op 9 true', script: [{ at: 'identify', invalidSession: true }], story: twice },
  { name: 'IDENTIFY is answered with op 9 false', script: [{ at: 'identify', invalidSession: false }], story: twice },
  { name: 'IDENTIFY is answered with silence', script: [{ at: 'identify', silence: true }], story: twice },
  { name: 'IDENTIFY is answered with corrupt data', script: [{ at: 'identify', sendCorrupt: true }], story: twice },
  {
    name: 'the connection drops right after READY',
    script: [{ at: 'ready', reset: true }],
    story: resumed,
    // A heartbeat that is written between the two finds the connection gone, and READY with it.
    unheard: twice,
  },
  { name: 'the upgrade is reset', script: [{ at: 'upgrade', reset: true }], story: ['identify /'] },
  { name: 'the upgrade hangs', script: [{ at: 'upgrade', hang: true }], story: ['identify /'] },
  { name: 'the upgrade is late', script: [{ at: 'upgrade', delay: 150 }], story: ['identify /'] },
  { name: 'the upgrade is refused with 500', script: [{ at: 'upgrade', refuse: 500 }], story: ['identify /'] },
  { name: 'the upgrade is refused with 503', script: [{ at: 'upgrade', refuse: 503 }], story: ['identify /'] },
  { name: 'heartbeats are not acknowledged', script: [{ at: 'heartbeat', skip: true }], story: [] },
  { name: 'a dispatch comes late', script: [{ at: 'dispatch', delay: 150 }], story: ['identify /'] },
];

const beating = { heartbeatInterval: 100 };

describe.concurrent('a connected shard survives', () => {
  for (const { name, strike, shard = {}, ...row } of live) {
    it(
      `${name}: ${row.story.at(-1)}`,
      scenario({ simulator: beating, shard }, async ({ simulator, shard }) => {
        const numbers = flow(simulator, shard);
        await shard.connect();
        await until(() => shard.latency !== null && numbers.received.length > 10);
        strike(simulator);
        await until(() => story(simulator).length === row.story.length);
        await reached(shard, 'Connected');
        await (row.loses ? numbers.isOrdered() : numbers.isWhole());
        expect(story(simulator)).toEqual(row.story);
        if (row.closesWith !== undefined) expect(simulator.connections[0]?.closeCode).toBe(row.closesWith);
      }),
    );
  }

  for (const { name, script, ...row } of onResume) {
    it(
      `a drop after which ${name}: ${row.story.at(-1)}`,
      scenario({ simulator: { heartbeatInterval: 5_000, script } }, async ({ simulator, shard }) => {
        const numbers = flow(simulator, shard);
        await shard.connect();
        await until(() => numbers.received.length > 10);
        simulator.reset();
        for (let n = 0; n < 12; n += 1) simulator.dispatch('TYPING_START', {});
        if (row.quiet) numbers.stop();
        await until(() => story(simulator).length === row.story.length);
        await reached(shard, 'Connected');
        await (row.loses ? numbers.isOrdered() : numbers.isWhole());
        expect(simulator.pendingFaults).toEqual([]);
        expect(story(simulator)).toEqual(row.story);
      }),
    );
  }
});

describe.concurrent('a shard that comes up survives', () => {
  for (const { name, script, ...row } of onIdentify) {
    it(
      name,
      scenario({ simulator: { heartbeatInterval: 400, script } }, async ({ simulator, shard, transitions }) => {
        const numbers = flow(simulator, shard);
        await shard.connect();
        await until(() => shard.latency !== null && numbers.received.length > 10);
        await reached(shard, 'Connected');
        await numbers.isOrdered();
        expect(simulator.pendingFaults).toEqual([]);
        const wasHeard = transitions.find(({ to }) => to === 'Disconnected')?.from === 'Connected';
        const expected = wasHeard ? row.story : (row.unheard ?? row.story);
        if (expected.length > 0) expect(story(simulator)).toEqual(expected);
      }),
    );
  }

  it(
    'a refusal with 429, and stays away as long as Retry-After asks',
    scenario(
      { simulator: { script: [{ at: 'upgrade', refuse: 429, retryAfter: 0.7 }] } },
      async ({ simulator, shard, transitions }) => {
        await shard.connect();
        const [first, second] = simulator.log.filter(({ kind }) => kind === 'upgrade');
        expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(690);
        expect(transitions.find(({ decision }) => decision !== null)?.decision?.reason).toContain('429');
      },
    ),
  );

  it(
    'a refusal of its resume with 503, and stays away as long as Retry-After asks',
    scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      simulator.next({ at: 'upgrade', refuse: 503, retryAfter: 0.5 });
      simulator.reset();
      await until(() => story(simulator).length === 2);
      const [, refusal, next] = simulator.log.filter(({ kind }) => kind === 'upgrade');
      expect((next?.at ?? 0) - (refusal?.at ?? 0)).toBeGreaterThanOrEqual(490);
      await reached(shard, 'Connected');
      expect(story(simulator)).toEqual(resumed);
    }),
  );

  it(
    'a dead resume URL: after three tries it resumes at the first',
    scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      simulator.killResumeUrl(502);
      simulator.reset();
      await until(() => story(simulator).length === 2);
      await reached(shard, 'Connected');
      expect(story(simulator)).toEqual(['identify /', 'resume /']);
      const paths = simulator.log.flatMap((entry) => (entry.kind === 'upgrade' ? [entry.path] : []));
      expect(paths).toEqual(['/', '/resume', '/resume', '/resume', '/']);
    }),
  );

  it(
    'a gateway that asks for resumeAttempts: 1',
    scenario({ shard: { resumeAttempts: 1 } }, async ({ simulator, shard }) => {
      await shard.connect();
      simulator.killResumeUrl();
      simulator.reset();
      await until(() => story(simulator).length === 2);
      const paths = simulator.log.flatMap((entry) => (entry.kind === 'upgrade' ? [entry.path] : []));
      expect(paths).toEqual(['/', '/resume', '/']);
      await reached(shard, 'Connected');
    }),
  );

  it(
    'an outage of both URLs without giving up its session',
    scenario({}, async ({ simulator, shard }) => {
      const numbers = flow(simulator, shard);
      await shard.connect();
      await until(() => numbers.received.length > 3);
      simulator.next({ at: 'upgrade', refuse: 503, times: 6 });
      simulator.reset();
      await until(() => story(simulator).length === 2);
      await reached(shard, 'Connected');
      expect(story(simulator)).toEqual(resumed);
      await numbers.isWhole();
    }),
  );
});
