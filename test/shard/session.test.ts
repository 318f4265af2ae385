import { describe, expect, it } from 'vitest';
import { createMemorySessionStore, type Session, type SessionStore } from '../../src/index.js';
import { data, flow, reached, scenario, sentBy, shardOn, story, until } from './rig.js';

/** A store that tells what was asked of it. */
function spyStore(first: unknown = null) {
  const calls: string[] = [];
  let kept: unknown = first;
  const store: SessionStore = {
    async get(shardId) {
      calls.push(`get ${shardId}`);
      return kept as Session;
    },
    async set(shardId, session) {
      calls.push(`set ${shardId}`);
      kept = session;
    },
    async delete(shardId) {
      calls.push(`delete ${shardId}`);
      kept = null;
    },
  };
  return { store, calls, kept: () => kept as Session | null };
}

describe.concurrent('a session', () => {
  it(
    'given as an option is resumed first, at its resume URL, with nothing lost',
    scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      simulator.dispatch('MESSAGE_CREATE', { n: 0 });
      await until(() => shard.sequence === 2);
      await shard.shutdown({ resumable: true });
      const { session } = shard;
      expect(session).toMatchObject({ sequence: 2, resumeUrl: simulator.resumeUrl });
      simulator.dispatch('MESSAGE_CREATE', { n: 1 });
      simulator.dispatch('MESSAGE_CREATE', { n: 2 });

      const next = shardOn(simulator, { session: session as Session });
      const heard: unknown[] = [];
      const replayed: number[] = [];
      next.on('dispatch', ({ t, d }) => heard.push([t, (d as { n?: number }).n]));
      next.on('resumed', ({ replayed: count }) => replayed.push(count));
      await next.connect();
      expect(heard).toEqual([
        ['MESSAGE_CREATE', 1],
        ['MESSAGE_CREATE', 2],
        ['RESUMED', undefined],
      ]);
      expect(replayed).toEqual([2]);
      expect(next.sequence).toBe(4);
      expect(next.stats).toMatchObject({ identifies: 0, resumes: 1, replayed: 2, connections: 1 });
      expect(story(simulator)).toEqual(['identify /', 'resume /resume']);
      expect(data(sentBy(simulator, 6)[0])).toMatchObject({ session_id: session?.id, seq: 2 });
      await next.shutdown();
    }),
  );

  it(
    'of an unknown id gives way to a new one at the first URL',
    scenario({}, async ({ simulator, shard }) => {
      const next = shardOn(simulator, { session: { id: 'unknown', sequence: 7, resumeUrl: simulator.resumeUrl } });
      await next.connect();
      expect(story(simulator)).toEqual(['resume /resume', 'identify /']);
      expect(next.sequence).toBe(1);
      expect(sentBy(simulator, 1).every(({ d }) => d === null || (d as number) <= 7)).toBe(true);
      await next.shutdown();
      expect(shard.state).toBe('Offline');
    }),
  );

  it('is read from the store, written to it, and deleted by a close with 1000', async () => {
    const { store, calls, kept } = spyStore();
    await scenario(
      { shard: { sessionStore: store }, simulator: { heartbeatInterval: 100 } },
      async ({ simulator, shard }) => {
        await shard.connect();
        expect(calls[0]).toBe('get 0');
        await until(() => kept()?.id === shard.session?.id);
        simulator.dispatch('MESSAGE_CREATE', {});
        // Written along with the heartbeats, not with every dispatch.
        await until(() => kept()?.sequence === 2);
        await shard.close();
        await until(() => kept() === null);
        expect(calls.at(-1)).toBe('delete 0');
        expect(simulator.connections[0]?.closeCode).toBe(1000);
      },
    )();
    expect(calls.filter((call) => call.startsWith('get'))).toHaveLength(1);
  });

  it(
    'is kept in the store by shutdown({ resumable: true }), and a new shard identifies nothing',
    scenario({}, async ({ simulator, shard }) => {
      const sessionStore = createMemorySessionStore();
      const first = shardOn(simulator, { sessionStore });
      const numbers = flow(simulator, first);
      await first.connect();
      await until(() => numbers.received.length > 10);
      await first.shutdown({ resumable: true });
      expect(simulator.connections[0]?.closeCode).toBe(4900);
      expect(await sessionStore.get(0)).toMatchObject({ ...first.session });
      const before = numbers.received.length;

      const second = shardOn(simulator, { sessionStore });
      second.on('MESSAGE_CREATE', (message) => numbers.received.push((message as unknown as { n: number }).n));
      await second.connect();
      await until(() => numbers.received.length > before + 5);
      await numbers.isWhole();
      expect(story(simulator)).toEqual(['identify /', 'resume /resume']);
      await second.shutdown();
      expect(await sessionStore.get(0)).toBeNull();
      expect(shard.state).toBe('Offline');
    }),
  );

  it('in the store is the whole one even where the shutdown comes in the midst of dispatches', async () => {
    const sessionStore = createMemorySessionStore();
    await scenario({ shard: { sessionStore } }, async ({ simulator, shard }) => {
      const numbers = flow(simulator, shard, 1);
      await shard.connect();
      shard.on('MESSAGE_CREATE', (message) => {
        if ((message as unknown as { n: number }).n === 20) void shard.shutdown({ resumable: true });
      });
      await until(() => shard.state === 'Offline');
      await shard.shutdown();
      numbers.stop();
      expect(numbers.received.at(-1)).toBe(20);
      // READY is 1, message n is n + 2.
      expect(await sessionStore.get(0)).toMatchObject({ sequence: 22 });
    })();
  });

  it(
    'of a fatal close is deleted from the store',
    scenario({}, async ({ simulator }) => {
      const sessionStore = createMemorySessionStore();
      const shard = shardOn(simulator, { sessionStore });
      await shard.connect();
      await until(() => sessionStore.get(0) !== null);
      simulator.closeWith(4004);
      await reached(shard, 'Offline');
      await shard.shutdown();
      expect(await sessionStore.get(0)).toBeNull();
    }),
  );

  it(
    'goes on after a replay with the sequence of the last dispatch replayed',
    scenario({ simulator: { heartbeatInterval: 100 } }, async ({ simulator, shard }) => {
      await shard.connect();
      simulator.reset();
      for (let n = 0; n < 5; n += 1) simulator.dispatch('TYPING_START', {});
      await until(() => story(simulator).length === 2);
      await reached(shard, 'Connected');
      await until(() => sentBy(simulator, 1).some(({ d }) => d === 6));
      expect(shard.sequence).toBe(6);
      simulator.reset();
      await until(() => story(simulator).length === 3);
      expect(data(sentBy(simulator, 6)[1])['seq']).toBe(6);
      await reached(shard, 'Connected');
    }),
  );

  it(
    'of a shard that is closed with another code than 1000 is resumed by connect()',
    scenario({}, async ({ simulator, shard }) => {
      const numbers = flow(simulator, shard);
      await shard.connect();
      await until(() => numbers.received.length > 3);
      await shard.close({ code: 4000, reason: 'back soon' });
      expect(simulator.connections[0]).toMatchObject({ closeCode: 4000, closeReason: 'back soon' });
      await shard.connect();
      await numbers.isWhole();
      expect(story(simulator)).toEqual(['identify /', 'resume /resume']);
    }),
  );
});

const fail = (): never => {
  throw new Error('the disk is full');
};

const foreign: Record<string, unknown> = {
  'a text': 'session',
  'a number': 7,
  'an empty object': {},
  'an id that is a number': { id: 1, sequence: 1, resumeUrl: 'ws://127.0.0.1' },
  'a sequence that is a text': { id: 'a', sequence: '1', resumeUrl: 'ws://127.0.0.1' },
  'a resume URL that is none': { id: 'a', sequence: 1, resumeUrl: 'ws://' },
  'a resume URL of another protocol': { id: 'a', sequence: 1, resumeUrl: 'http://127.0.0.1' },
};

describe.concurrent('a session store', () => {
  for (const [name, value] of Object.entries(foreign)) {
    it(`that has ${name} is reported and survived`, async () => {
      const { store } = spyStore(value);
      await scenario({ shard: { sessionStore: store } }, async ({ simulator, shard, lines }) => {
        await shard.connect();
        expect(story(simulator)).toEqual(['identify /']);
        expect(lines.error.join('\n')).toContain('session store');
      })();
    });
  }

  for (const kind of ['throws', 'rejects'] as const) {
    it(`that ${kind} is reported and survived`, async () => {
      const failing = kind === 'throws' ? fail : async () => fail();
      const store: SessionStore = { get: failing, set: failing, delete: failing };
      await scenario({ shard: { sessionStore: store } }, async ({ simulator, shard, lines }) => {
        await shard.connect();
        simulator.reset();
        await until(() => story(simulator).length === 2);
        await reached(shard, 'Connected');
        await shard.shutdown();
        expect(lines.error.filter((line) => line.includes('the disk is full')).length).toBeGreaterThan(1);
      })();
    });
  }

  it('that answers after close() keeps the shard down', async () => {
    let answer: ((session: null) => void) | undefined;
    const store: SessionStore = {
      get: () => new Promise<null>((resolve) => (answer = resolve)),
      set() {},
      delete() {},
    };
    await scenario({ shard: { sessionStore: store } }, async ({ simulator, shard }) => {
      const failed = expect(shard.connect()).rejects.toMatchObject({ code: 'CLOSED' });
      await shard.close();
      answer?.(null);
      await failed;
      expect(shard.state).toBe('Offline');
      expect(simulator.connections).toEqual([]);
    })();
  });
});
