import type { FleetReport, ManagerEvent } from '../../machines/index.js';
import type { ManagerRig } from './managerRig.js';

/** How a shard of a fleet stands in truth. */
type Truth = 'connecting' | 'identifying' | 'up' | 'away' | 'offline' | 'closing' | 'gone';

/** What a shard can do next by itself: what it reports, and what it is then. Luck comes first. */
const WAYS: { readonly [Now in Truth]?: readonly (readonly [FleetReport['type'], Truth])[] } = {
  connecting: [
    ['shard.opened', 'identifying'],
    ['shard.down', 'offline'],
  ],
  identifying: [
    ['shard.up', 'up'],
    ['shard.down', 'offline'],
  ],
  up: [
    ['shard.left', 'away'],
    ['shard.down', 'offline'],
  ],
  away: [
    ['shard.up', 'up'],
    ['shard.down', 'offline'],
  ],
  closing: [['shard.gone', 'gone']],
};

/** Shards that do as they are told, each when it is let: what a manager's chart sees of a whole fleet. */
export class SimulatedFleet {
  readonly shards = new Map<string, Truth>();
  /** Commands that no fleet could obey. */
  readonly impossible: string[] = [];
  readonly #ids = new Map<string, readonly number[]>();
  /** Reports that follow from a command at once. */
  readonly #due: ManagerEvent[] = [];

  /** The manager has said this, which had not told these to connect yet. */
  obey(frame: string, waiting: readonly string[]): void {
    const [command = '', name = ''] = frame.split(' ');
    const [set = '', id = ''] = name.replace(':', '').split('/');
    const now = this.shards.get(name);
    if (command === 'set.create') this.#ids.set(set, []);
    else if (command.startsWith('shard.') && !this.#ids.has(set)) this.impossible.push(frame);
    else if (command === 'shard.connect') {
      if (now !== undefined && now !== 'offline' && now !== 'gone') this.impossible.push(`${frame} while ${now}`);
      this.shards.set(name, 'connecting');
    } else if (command === 'shard.restart') {
      if (now === 'up') this.#due.push({ type: 'shard.left', set: Number(set), id: Number(id) });
      // One that was restarted a moment ago may still be on its way.
      if (now !== 'up' && now !== 'away' && now !== 'identifying') this.impossible.push(`${frame} while ${now}`);
      this.shards.set(name, 'identifying');
    } else if (command === 'shard.close' || command === 'shard.abort') {
      // Those that have not been told to connect yet have nothing to close, and say so.
      if (now === 'gone' && !waiting.includes(name)) this.impossible.push(`${frame} while ${now}`);
      if (now === 'up') this.#due.push({ type: 'shard.left', set: Number(set), id: Number(id) });
      // Nobody is waited for.
      const isAbort = command === 'shard.abort';
      if (isAbort) this.#due.push({ type: 'shard.gone', set: Number(set), id: Number(id) });
      this.shards.set(name, isAbort ? 'gone' : 'closing');
    }
  }

  /** What follows at once from what was said. */
  flush(manager: ManagerRig): void {
    for (let next = this.#due.shift(); next !== undefined; next = this.#due.shift()) manager.send(next);
  }

  /** One shard does something by itself. */
  stir(manager: ManagerRig, which: number, luck: number): void {
    const able = [...this.shards].filter(([, truth]) => WAYS[truth] !== undefined);
    const [name, truth] = able[which % Math.max(1, able.length)] ?? [];
    if (name === undefined || truth === undefined) return;
    const ways = WAYS[truth] ?? [];
    const [type, then] = ways[luck % ways.length] as readonly [FleetReport['type'], Truth];
    const [set, id] = name.split('/').map(Number) as [number, number];
    this.shards.set(name, then);
    manager.send({ type, set, id });
    this.flush(manager);
  }

  /** Every shard that is on its way somewhere arrives, however often it takes. Tells whether anybody moved. */
  settle(manager: ManagerRig): boolean {
    const moving = [...this.shards].filter(([, truth]) => truth !== 'up' && WAYS[truth] !== undefined);
    for (const [name, before] of moving) {
      if (this.shards.get(name) !== before) continue;
      this.stir(manager, this.#ableBefore(name), 0);
    }
    return moving.length > 0;
  }

  #ableBefore(name: string): number {
    return [...this.shards].filter(([, truth]) => WAYS[truth] !== undefined).findIndex(([other]) => other === name);
  }
}
