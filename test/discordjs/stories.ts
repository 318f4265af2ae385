import { setTimeout } from 'node:timers/promises';
import type { GatewaySimulator, SimulatorOptions } from '../../src/simulator/index.js';
import { GUILD } from './rig.js';

/** A manager of @discordjs/ws, of any version, over one of the two strategies. */
export interface Player {
  readonly simulator: GatewaySimulator;
  connect(): Promise<void>;
  destroy(): Promise<void>;
  send(payload: { op: number; d: unknown }): Promise<void>;
  /** Waits until this event has come so many times. */
  sees(event: string, times?: number): Promise<void>;
  /** How often this event has come. */
  count(event: string): number;
  /** Waits until this is so. */
  until(isSo: () => boolean): Promise<void>;
}

export interface Story {
  readonly simulator?: SimulatorOptions;
  run(player: Player): Promise<unknown>;
  /** Where the two strategies differ: why, and the events of ours for those of theirs, or a pattern that theirs do not match. */
  readonly differs?: { readonly because: string; readonly ours: RegExp | ((own: string) => string) };
}

const voice = { op: 4, d: { guild_id: GUILD.id, channel_id: '5', self_mute: false, self_deaf: false } };
const members = { op: 8, d: { guild_id: GUILD.id, query: '', limit: 0, nonce: 'n' } };

/** Runs the story once the shard is up. */
const up = (run: (player: Player) => Promise<unknown>) => async (player: Player) => {
  await player.connect();
  await player.sees('dispatch GUILD_CREATE');
  await run(player);
};

/** Strikes, and waits until the shard has resumed, or identified again. */
const comesBack = (strike: (simulator: GatewaySimulator) => unknown) =>
  up(async ({ simulator, until, count }) => {
    strike(simulator);
    await until(() => count('dispatch RESUMED') > 0 || count('dispatch GUILD_CREATE') > 1);
  });

const closes4900 = {
  because:
    'shardchart closes with 4900 where @discordjs/ws closes with 4200, or with 1000 for a session that has ended',
  ours: (own: string) => own.replace(/closed (4200|1000)/, 'closed 4900'),
};

const comesBackOnline = {
  because:
    'after a destroy() while a shard connects or waits, the bot of @discordjs/ws comes online, or destroy() never settles',
  ours: /destroyed$/,
};

export const stories: Readonly<Record<string, Story>> = {
  login: { run: up(() => Promise.resolve()) },
  'dispatches, one of them of an unknown name': {
    run: up(async ({ simulator, sees }) => {
      simulator.dispatch('MESSAGE_CREATE', simulator.message());
      simulator.dispatch('OF_TOMORROW', { field: 1 });
      await sees('dispatch OF_TOMORROW');
    }),
  },
  'members in three chunks': {
    simulator: {
      guilds: [{ ...GUILD, members: Array.from({ length: 2_500 }, (_, id) => ({ user: { id: `${id}` } })) }],
    },
    run: up(async ({ send, sees }) => {
      await send(members);
      await sees('dispatch GUILD_MEMBERS_CHUNK', 3);
    }),
  },
  'members, rate limited': {
    simulator: { script: [{ at: 'request', rateLimit: 30 }] },
    run: up(async ({ send, sees }) => {
      await send(members);
      await sees('dispatch RATE_LIMITED');
    }),
  },
  voice: {
    simulator: { guilds: [{ ...GUILD, channels: [{ id: '5', type: 2 }] }] },
    run: up(async ({ send, sees }) => {
      await send(voice);
      await sees('dispatch VOICE_SERVER_UPDATE');
    }),
  },
  'a heartbeat': {
    simulator: { heartbeatInterval: 1_000 },
    run: up(({ sees }) => sees('heartbeat')),
  },
  presence: {
    run: up(async ({ simulator, send }) => {
      await send({ op: 3, d: { status: 'idle', activities: [], since: null, afk: false } });
      await simulator.waitForFrame(({ op }) => op === 3);
    }),
  },
  'a TCP reset with two missed dispatches': {
    run: comesBack((simulator) => {
      simulator.reset();
      simulator.dispatch('TYPING_START', {});
      simulator.dispatch('TYPING_START', {});
    }),
    differs: {
      because:
        '@discordjs/ws may emit resumed before the missed dispatches that came with it, and counts too few of them',
      ours: (own) => own.replace(/resumed, ((?:dispatch TYPING_START, )+)/, '$1resumed, '),
    },
  },
  'a zombie': {
    simulator: { heartbeatInterval: 1_000 },
    run: comesBack((simulator) => simulator.silence()),
    differs: closes4900,
  },
  'op 7': { run: comesBack((simulator) => simulator.requestReconnect()), differs: closes4900 },
  'op 9 true': {
    run: comesBack((simulator) => simulator.invalidateSession(true)),
    differs: {
      because: 'shardchart resumes on a new connection, as after every other loss',
      ours: (own) =>
        own
          .replace('resumed,', 'closed 4900, hello, resumed,')
          .replace('clientReady, dispatch', 'clientReady, shardReconnecting, dispatch'),
    },
  },
  'op 9 false': { run: comesBack((simulator) => simulator.invalidateSession(false)), differs: closes4900 },
  'close code 4000': { run: comesBack((simulator) => simulator.closeWith(4000)) },
  'close code 4009': {
    run: comesBack((simulator) => simulator.closeWith(4009)),
    differs: {
      because:
        '4009 ends the session: @discordjs/ws tries to resume it all the same, at the cost of one more connection',
      ours: (own) =>
        own.replace('hello, closed 1000, ', '').replace('shardReconnecting, shardReconnecting,', 'shardReconnecting,'),
    },
  },
  'close code 1000 of the gateway': {
    run: comesBack((simulator) => simulator.closeWith(1000)),
    differs: {
      because: 'the session lives on where it was the gateway that closed: @discordjs/ws drops it and what was missed',
      ours: /(resumed, dispatch RESUMED|dispatch RESUMED, shardResume)$/,
    },
  },
  'two refused upgrades after a reset': {
    run: comesBack((simulator) => {
      simulator.next({ at: 'upgrade', refuse: 503, times: 2 });
      simulator.reset();
    }),
    differs: {
      because: '@discordjs/ws 2 gives the session up after one attempt that failed',
      ours: (own) => own.replace(/closed 1006, hello, ready, .*/, 'closed 1006, hello, resumed, dispatch RESUMED'),
    },
  },
  ...Object.fromEntries(
    [4004, 4010, 4011, 4012, 4013, 4014].map((code): [string, Story] => [
      `close code ${code} at login`,
      {
        simulator: { script: [{ at: 'identify', closeWith: code }] },
        run: async ({ connect, sees }) => {
          await connect().catch(() => {});
          await sees('error');
        },
      },
    ]),
  ),
  'close code 4014 while connected': {
    run: up(async ({ simulator, sees }) => {
      simulator.closeWith(4014);
      await sees('error');
    }),
  },
  'destroy while connected': { run: up(({ destroy }) => destroy()) },
  'destroy before connect': { run: ({ destroy }) => destroy() },
  'destroy before HELLO': {
    simulator: { script: [{ at: 'hello', skip: true }] },
    run: async ({ simulator, connect, destroy, until }) => {
      connect().catch(() => {});
      await until(() => simulator.connections.length === 1);
      // The client must have seen that the connection is open.
      await setTimeout(600);
      await destroy();
    },
    differs: comesBackOnline,
  },
  'destroy before READY': {
    simulator: { script: [{ at: 'ready', skip: true }] },
    run: async ({ simulator, connect, destroy }) => {
      connect().catch(() => {});
      await simulator.waitForFrame(({ op }) => op === 2);
      await destroy();
    },
    differs: comesBackOnline,
  },
  'destroy in the pause before a reconnect': {
    run: up(async ({ simulator, destroy, sees }) => {
      simulator.next({ at: 'upgrade', refuse: 503 });
      simulator.requestReconnect();
      await sees('closed');
      await destroy();
      await setTimeout(1_000);
    }),
    differs: comesBackOnline,
  },
  'a second connect after destroy': {
    run: up(async ({ connect, destroy, sees }) => {
      await destroy();
      await setTimeout(100);
      await connect();
      await sees('dispatch GUILD_CREATE', 2);
    }),
  },
};
