import { expect } from 'vitest';
import type { ShardManager } from '../../src/index.js';
import type { GatewaySimulator, SimulatedSession } from '../../src/simulator/index.js';
import { until } from '../shard/rig.js';
import { guildsOf } from './rig.js';

const LISTENERS = ['event', 'MESSAGE_CREATE', 'events()'] as const;

interface Heard {
  readonly n: number;
  readonly guildId: string;
  readonly shardId: number;
}

/** Sends numbered messages to many guilds, some hundred a second, and records those that each kind of listener got. */
export function guildLoad(simulator: GatewaySimulator, manager: ShardManager) {
  const guilds = guildsOf(8, 5);
  const heard: Record<(typeof LISTENERS)[number], Heard[]> = { event: [], MESSAGE_CREATE: [], 'events()': [] };
  let sent = 0;
  const take = (kind: (typeof LISTENERS)[number], message: unknown, shardId: number) => {
    const { n, guild_id: guildId } = message as { n: number; guild_id: string };
    heard[kind].push({ n, guildId, shardId });
  };
  manager.on('event', ({ t, d }, shardId) => t === 'MESSAGE_CREATE' && take('event', d, shardId));
  manager.on('MESSAGE_CREATE', (message, shardId) => take('MESSAGE_CREATE', message, shardId));
  const stream = manager.events();
  void (async () => {
    for await (const [{ t, d }, shardId] of stream) if (t === 'MESSAGE_CREATE') take('events()', d, shardId);
  })();
  const timer = setInterval(() => {
    for (let each = 0; each < 2; each += 1) {
      const message = { id: String(1_000_000 + sent), guild_id: guilds[sent % guilds.length] as string, n: sent };
      if (simulator.dispatchToGuild('MESSAGE_CREATE', message) > 0) sent += 1;
    }
  }, 5);
  return {
    heard,
    get sent() {
      return sent;
    },
    stop: () => clearInterval(timer),
    /**
     * Ends the load, and expects that each listener got every number exactly once, and those of each guild in order, except
     * guilds that may be out of order.
     */
    async isWhole(isOutOfOrder: (guildId: string) => boolean = () => false) {
      clearInterval(timer);
      await until(() => LISTENERS.every((kind) => heard[kind].length >= sent));
      const numbers = Array.from({ length: sent }, (_, n) => n);
      for (const kind of LISTENERS) {
        const all = heard[kind].map(({ n }) => n);
        expect(
          all.toSorted((a, b) => a - b),
          kind,
        ).toEqual(numbers);
        for (const guild of guilds.filter((id) => !isOutOfOrder(id))) {
          const own = heard[kind].filter(({ guildId }) => guildId === guild).map(({ n }) => n);
          expect(own, `${kind} of guild ${guild}`).toEqual(own.toSorted((a, b) => a - b));
        }
      }
      await stream.return();
    },
  };
}

/** The simulator's sessions of this total. */
export function sessionsOf(simulator: GatewaySimulator, total: number): SimulatedSession[] {
  return [...simulator.sessions.values()].filter((session) => session.total === total);
}

/** Connection of this shard of this total: two sets may have shards of one id. */
export function connectionOf(simulator: GatewaySimulator, total: number, shardId: number) {
  const session = sessionsOf(simulator, total).find((other) => other.shardId === shardId);
  return simulator.connections[(session?.connection ?? 0) - 1];
}

/** Drops the connection of this shard of this total, and no other. */
export const resetShard = (simulator: GatewaySimulator, total: number, shardId: number): boolean =>
  connectionOf(simulator, total, shardId)?.reset() ?? false;

/** Connections of shards of this total that are open. */
export function openOf(simulator: GatewaySimulator, total: number): number {
  const ids = new Set(sessionsOf(simulator, total).map(({ connection }) => connection));
  return simulator.connections.filter(({ id, open }) => open && ids.has(id)).length;
}
