import type { Lifecycle } from '../../machines/lifecycle.js';
import type { AuditRecord } from '../../src/audit/index.js';
import type { Action, Decision } from '../../src/protocol/decision.js';

/** 2026-11-21 03:00 UTC, a Saturday. */
export const THREE = Date.UTC(2026, 10, 21, 3);

const newborn = { value: { Offline: 'idle' }, context: { attempts: 0, lastDecision: null } } as unknown as NonNullable<
  AuditRecord['start']
>;

export interface Told {
  readonly shardId?: number;
  readonly from: Lifecycle;
  readonly to: Lifecycle;
  readonly event?: AuditRecord['event'];
  readonly decision?: Decision | null;
  /** Types of the events since the last record. */
  readonly since?: readonly string[];
  /** Number of the life, 1 unless given. */
  readonly life?: number;
  /** True for the first record of a new shard. */
  readonly isNewborn?: boolean;
}

/** Records as in a log; `n` counts up until `process()` restarts it. */
export class Log {
  readonly records: AuditRecord[] = [];
  #n = 0;

  process(): this {
    this.#n = 0;
    return this;
  }

  /** Leaves this many records out. */
  lose(count: number): this {
    this.#n += count;
    return this;
  }

  /** Adds a record this many milliseconds after three. */
  at(
    ms: number,
    { shardId = 0, event = { type: 'x' }, decision = null, since = [], life = 1, isNewborn, ...states }: Told,
  ): this {
    this.#n += 1;
    this.records.push({
      at: THREE + ms,
      shardId,
      ...states,
      event,
      decision,
      session: null,
      since: since.map((type) => ({ type })),
      ...(isNewborn === true && { start: newborn }),
      n: this.#n,
      life,
      check: '00000000',
    });
    return this;
  }

  /** Brings a shard up by an identify: Connecting at once, Connected 300 ms later. */
  up(ms: number, shardId = 0, isNewborn = true, life = 1): this {
    return this.at(ms, { shardId, life, from: 'Offline', to: 'Connecting', event: { type: 'connect' }, isNewborn })
      .at(ms + 100, { shardId, life, from: 'Connecting', to: 'Identifying', event: { type: 'gateway.hello' } })
      .at(ms + 300, {
        shardId,
        life,
        from: 'Identifying',
        to: 'Connected',
        event: { type: 'gateway.ready' },
        since: ['slot.granted'],
      });
  }

  /** Drops a connection, which resumes 200 ms later. */
  drop(ms: number, shardId = 0, decision = decide('resume', 1006, '1006 connection lost'), life = 1): this {
    return this.at(ms, {
      shardId,
      life,
      from: 'Connected',
      to: 'Disconnected',
      event: { type: 'socket.closed' },
      decision,
    })
      .at(ms, { shardId, life, from: 'Disconnected', to: 'Connecting', event: { type: 'xstate.after.decided' } })
      .at(ms + 100, { shardId, life, from: 'Connecting', to: 'Resuming', event: { type: 'gateway.hello' } })
      .at(ms + 200, { shardId, life, from: 'Resuming', to: 'Connected', event: { type: 'gateway.resumed' } });
  }
}

export function decide(action: Action, code: number | null, reason: string): Decision {
  return { action, code, reason, attempt: 1, delay: 0 };
}
