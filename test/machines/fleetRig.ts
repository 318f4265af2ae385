import type { FleetReport, ManagerEvent } from '../../machines/index.js';
import type { ManagerRig } from './managerRig.js';

/** The true state of a simulated shard. */
type Truth = 'connecting' | 'identifying' | 'up' | 'away' | 'offline' | 'closing' | 'gone';

/** Steps a shard can take by itself: its report, and its state then. The lucky step comes first. */
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

/** The shards of a manager's chart: they carry out orders, each when the test lets it. */
export class SimulatedFleet {
  readonly shards = new Map<string, Truth>();
  /** Commands that no fleet could carry out. */
  readonly impossible: string[] = [];
  readonly #ids = new Map<string, readonly number[]>();
  /** Reports that follow a command at once. */
  readonly #due: ManagerEvent[] = [];

  /** Carries out a command of the manager. `waiting`: shards that it had not connected yet. */
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
      // A shard that was restarted a moment ago may still be on its way.
      if (now !== 'up' && now !== 'away' && now !== 'identifying') this.impossible.push(`${frame} while ${now}`);
      this.shards.set(name, 'identifying');
    } else if (command === 'shard.close' || command === 'shard.abort') {
      // A shard that waits for its turn is gone already, and reports it again.
      if (now === 'gone' && !waiting.includes(name)) this.impossible.push(`${frame} while ${now}`);
      if (now === 'up') this.#due.push({ type: 'shard.left', set: Number(set), id: Number(id) });
      // An abort does not wait for the peer.
      const isAbort = command === 'shard.abort';
      if (isAbort) this.#due.push({ type: 'shard.gone', set: Number(set), id: Number(id) });
      this.shards.set(name, isAbort ? 'gone' : 'closing');
    }
  }

  /** Sends the reports that are due. */
  flush(manager: ManagerRig): void {
    for (let next = this.#due.shift(); next !== undefined; next = this.#due.shift()) manager.send(next);
  }

  /** One shard takes a step by itself. */
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

  /** Every shard that is on its way takes a lucky step. Returns true if there was one. */
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
