import type { ShardOptions } from '../../../src/index.js';
import { isSilence } from './possible.js';
import type { Run } from './runs.js';

/** Longer than any run: a wait that must not end. */
const NEVER_MS = 120_000;
const SHORT_MS = 40;
/** A replay's limit is 20 times that of a silence within it, and no stutter of a slow machine may pass for a silence. */
const SILENCE_MS = 400;
/** The first beat comes after a random part of the interval. */
const RARE_BEAT_MS = 1_000_000_000;
/** No run may need as long to where its gateway falls silent. */
const BEAT_MS = 600;

type Timing = Required<Pick<ShardOptions, 'timeouts' | 'backoff'>> & { readonly heartbeatInterval: number };

/** Makes the one wait short that a run is about. All others last, so that no slow machine lets the wrong one end. */
export function timing({ steps }: Run): Timing {
  const types = steps.map(({ event }) => event.type);
  const [, timer] = /^xstate\.after\.(\w+)/.exec(types.at(-1) ?? '') ?? [];
  const isDecided = types.some((type) => type.startsWith('xstate.after.decided.'));
  const timeouts = { handshake: NEVER_MS, hello: NEVER_MS, ready: NEVER_MS, resumed: NEVER_MS, close: NEVER_MS };
  const backoffMs = isDecided ? 1 : NEVER_MS;
  return {
    timeouts: {
      ...timeouts,
      ...(timer !== undefined && timer in timeouts && { [timer]: SHORT_MS }),
      ...(timer === 'replay' && { resumed: SILENCE_MS }),
    },
    backoff: { initial: backoffMs, max: backoffMs },
    heartbeatInterval: steps.some(({ event }) => isSilence(event)) ? BEAT_MS : RARE_BEAT_MS,
  };
}
