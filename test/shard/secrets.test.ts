import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { InspectionEvent } from 'xstate';
import { createShardManager, type FatalShardError, type SessionStore } from '../../src/index.js';
import { reached, scenario, sentBy, story, TOKEN, until, type Rig } from './rig.js';

/** Everything anybody could print, as JSON and as util.inspect prints it. */
function recorder() {
  const texts: string[] = [];
  const keep = (value: unknown, depth = 4) => {
    texts.push(inspect(value, { depth, showHidden: true, maxArrayLength: 50 }));
    try {
      texts.push(JSON.stringify(value) ?? '');
    } catch {
      // What is circular cannot be logged as JSON either.
    }
  };
  return {
    keep,
    /** Where the token, or a part of it that would help, is to be seen. */
    leaks(token = TOKEN) {
      const part = token.slice(0, 12);
      return texts
        .filter((text) => text.includes(part))
        .map((text) => text.slice(Math.max(0, text.indexOf(part) - 80)).slice(0, 200));
    },
    get size() {
      return texts.length;
    },
  };
}

const events = [
  'ready',
  'resumed',
  'dispatch',
  'heartbeat',
  'transition',
  'disconnected',
  'malformed',
  'fatal',
  'debug',
] as const;

function watch({ shard }: Rig, keep: (value: unknown) => void) {
  for (const name of events) shard.on(name, (value) => keep(value));
  shard.actor.subscribe((snapshot) => keep([snapshot.value, snapshot.context]));
  shard.on('transition', () => keep(shard.actor.getPersistedSnapshot()));
  shard.on('transition', () => keep([shard.heart, shard.bucket, shard.queue, shard.stats, shard.session]));
}

describe.concurrent('the token', () => {
  it('is in no log, event, snapshot, error, inspection or store, whatever goes wrong', async () => {
    const { keep, leaks } = recorder();
    let inspected = 0;
    const sessionStore: SessionStore = {
      get: async () => null,
      set: async (id, session) => {
        keep([id, session]);
        throw new Error(`cannot write, by the way: ${TOKEN}`);
      },
      delete: async () => {},
    };
    await scenario(
      {
        simulator: {
          heartbeatInterval: 100,
          script: [
            { at: 'upgrade', refuse: 503 },
            { at: 'hello', skip: true },
            { at: 'identify', skip: true },
          ],
        },
        shard: {
          sessionStore,
          makePresence: () => Promise.reject(new Error(`no presence for ${TOKEN}`)),
          inspect: (event: InspectionEvent) => {
            inspected += 1;
            if (event.type === '@xstate.event') keep(event.event);
            if (inspected % 200 === 1) keep(event);
          },
        },
      },
      async (rig) => {
        const { simulator, shard, lines } = rig;
        watch(rig, keep);
        keep(shard, 6);
        await shard.connect();
        shard.on('TYPING_START', () => {
          throw new Error(`a listener that knows ${TOKEN}`);
        });
        simulator.dispatch('TYPING_START', {});
        simulator.sendText(`garbage with ${TOKEN} in it`);
        await until(() => shard.stats.malformed === 1);
        const faults = [
          () => simulator.closeWith(4000, `your token is ${TOKEN}`),
          () => simulator.silence(),
          () => simulator.sendCorrupt(),
          () => simulator.requestReconnect(),
          () => simulator.reset(),
          () => simulator.closeWith(4009, TOKEN),
        ];
        for (const fault of faults) {
          const before = story(simulator).length;
          fault();
          await until(() => story(simulator).length > before);
          await reached(shard, 'Connected');
        }
        keep(await shard.send({ op: 2, d: { token: TOKEN } }).catch((error: unknown) => error));
        keep(shard, 6);
        simulator.closeWith(4004, `wrong: ${TOKEN}`);
        const error = await shard.connect().then(
          () => shard.connect(),
          (reason: unknown) => reason,
        );
        await reached(shard, 'Offline');
        keep([error, await shard.connect().catch((reason: unknown) => reason), shard.actor.getSnapshot()]);
        keep(lines);
        keep([sentBy(simulator), simulator.violations]);
        expect(lines.error.join('\n')).toContain('[redacted]');
      },
    )();
    expect(inspected).toBeGreaterThan(100);
    expect(leaks()).toEqual([]);
  });

  it('is in no error of the options, however wrong they are', async () => {
    await scenario({}, async ({ shard }) => {
      const { keep, leaks } = recorder();
      const { createShard } = await import('../../src/index.js');
      for (const options of [
        { token: `Bot ${TOKEN}` },
        { token: `${TOKEN} ` },
        { token: [TOKEN] },
        { token: TOKEN, intents: 'all' },
        { token: TOKEN, intents: 0, url: 'https://discord.com' },
        { token: TOKEN, intents: 0, session: { id: 1 } },
      ]) {
        try {
          createShard(options as never);
          expect.unreachable();
        } catch (error) {
          keep(error);
        }
      }
      expect(leaks()).toEqual([]);
      expect(shard.state).toBe('Offline');
    })();
  });

  it('is in no error of on, once and off, where it stands for an event', async () => {
    await scenario({}, async ({ simulator, shard }) => {
      const { keep, leaks } = recorder();
      await using manager = createShardManager({ token: TOKEN, intents: 0, api: simulator.apiUrl });
      for (const target of [shard, manager]) {
        for (const member of ['on', 'once', 'off'] as const) {
          const listen = (target[member] as (...values: unknown[]) => unknown).bind(target);
          for (const values of [
            [TOKEN, () => {}],
            ['ready', TOKEN],
          ]) {
            const error = await Promise.resolve()
              .then(() => listen(...values))
              .catch((reason: unknown) => reason);
            expect(error).toMatchObject({ code: 'INVALID_OPTION' });
            keep(error);
          }
        }
      }
      expect(leaks()).toEqual([]);
    })();
  });

  it('is in no error about a presence that has it ten levels deep', async () => {
    await scenario({}, async ({ shard }) => {
      let presence: unknown = TOKEN;
      for (let level = 0; level < 10; level += 1) presence = { presence };
      const error = await shard.updatePresence(presence as never).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'INVALID_PAYLOAD' });
      expect(inspect(error, { depth: Infinity })).not.toContain(TOKEN);
    })();
  });

  it('does not show in parts, where an excerpt of a garbage frame ends in its midst', async () => {
    const { keep, leaks } = recorder();
    await scenario({ shard: { compression: 'none' } }, async (rig) => {
      watch(rig, keep);
      await rig.shard.connect();
      rig.simulator.sendText(`${'x'.repeat(90)}${TOKEN}`);
      await until(() => rig.malformed.length === 1);
      keep(rig.malformed);
    })();
    expect(leaks()).toEqual([]);
  });

  it('is redacted from a url function’s error', async () => {
    const { keep, leaks } = recorder();
    let calls = 0;
    const simulators: string[] = [];
    await scenario(
      {
        shard: {
          url: () => {
            calls += 1;
            if (calls < 3) throw new Error(`GET /gateway/bot with Bot ${TOKEN} failed`);
            return simulators[0] ?? '';
          },
        },
      },
      async (rig) => {
        simulators.push(rig.simulator.url);
        watch(rig, keep);
        await rig.shard.connect();
        keep(rig.lines);
        expect(rig.lines.info.join('\n')).toContain('GET /gateway/bot');
      },
    )();
    expect(calls).toBe(3);
    expect(leaks()).toEqual([]);
  });

  it('is redacted from a fatal close’s reason', async () => {
    await scenario({}, async ({ simulator, shard }) => {
      await shard.connect();
      const errors: FatalShardError[] = [];
      shard.on('fatal', (error) => errors.push(error));
      simulator.closeWith(4004, TOKEN);
      await until(() => errors.length === 1);
      expect(errors[0]?.message).toContain('[redacted]');
      expect(inspect(errors[0])).not.toContain(TOKEN);
    })();
  });
});
