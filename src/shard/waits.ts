import type { ShardInput } from '../../machines/shard.types.js';
import { MAX_DELAY_MS } from '../protocol/limits.js';
import { checkFlag, refuse } from '../util/options.js';
import type { ShardOptions } from './options.js';

/**
 * Checks the options that are times, and fills in the defaults.
 * @throws ShardError `INVALID_OPTION`
 */
export function resolveWaits({
  timeouts = {},
  backoff = {},
  quiet,
}: Pick<ShardOptions, 'timeouts' | 'backoff' | 'quiet'>): Required<Pick<ShardInput, 'timeouts' | 'backoff' | 'quiet'>> {
  const { handshake = 15_000, hello = 15_000, ready = 15_000, resumed = 30_000, close = 2_000 } = timeouts;
  for (const [name, value] of Object.entries({ handshake, hello, ready, resumed, close })) {
    milliseconds(`timeouts.${name}`, value);
  }
  const { readyMax = Math.max(600_000, ready) } = timeouts;
  milliseconds('timeouts.readyMax', readyMax);
  if (readyMax < ready) refuse('timeouts.readyMax', readyMax, `at least timeouts.ready (${ready})`);
  const { initial = 1_000, max = 60_000, stableAfter = 5_000 } = backoff;
  for (const [name, value] of Object.entries({ initial, max, stableAfter })) milliseconds(`backoff.${name}`, value);
  if (max < initial) refuse('backoff.max', max, `at least backoff.initial (${initial})`);
  if (quiet !== undefined) {
    if (!(quiet.after > 0)) refuse('quiet.after', quiet.after, 'milliseconds without an event');
    milliseconds('quiet.after', quiet.after);
    checkFlag('quiet.reconnect', quiet.reconnect);
  }
  return {
    timeouts: {
      handshakeMs: handshake,
      helloMs: hello,
      readyMs: ready,
      readyMaxMs: readyMax,
      resumedMs: resumed,
      closeMs: close,
    },
    backoff: { initialMs: initial, maxMs: max, stableAfterMs: stableAfter },
    quiet: quiet === undefined ? null : { afterMs: quiet.after, reconnects: quiet.reconnect === true },
  };
}

function milliseconds(name: string, value: unknown): void {
  if (typeof value !== 'number' || !(value >= 0 && value <= MAX_DELAY_MS)) {
    refuse(name, value, `milliseconds, from 0 to ${MAX_DELAY_MS}`);
  }
}
