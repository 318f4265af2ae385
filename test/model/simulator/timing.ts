import type { ShardOptions } from '../../../src/index.js';
import { isSilence } from './possible.js';
import type { Run } from './runs.js';

/** Wait that must not end: longer than any run. */
const NEVER_MS = 120_000;
const SHORT_MS = 40;
/** Runs in which a heartbeat is acknowledged before that must get so far in this time, on a machine that stalls too. */
const STABLE_MS = 1_500;
/** Limit of a silence within a replay. A replay's own limit is 20 times as long; a stall of a slow machine must be shorter. */
const SILENCE_MS = 600;
/** The first beat comes after a random part of the interval. */
const RARE_BEAT_MS = 600_000;
/** Heartbeat interval of a run with a silence. The run must reach the silence sooner. */
const BEAT_MS = 600;
/** The same, of a run that must be stable first. */
const SLOW_BEAT_MS = 4_000;

const isStable = (type: string) => type.startsWith('xstate.after.stableAfter.');

type Timing = Required<Pick<ShardOptions, 'timeouts' | 'backoff'>> & { readonly heartbeatInterval: number };

/** Shortens the one wait that a run is about. All others last, so that on a slow machine no other one ends first. */
export function timing({ steps }: Run): Timing {
  const types = steps.map(({ event }) => event.type);
  const [, timer] = /^xstate\.after\.(\w+)/.exec(types.at(-1) ?? '') ?? [];
  const isDecided = types.some((type) => type.startsWith('xstate.after.decided.'));
  const timeouts = {
    handshake: NEVER_MS,
    hello: NEVER_MS,
    ready: NEVER_MS,
    readyMax: NEVER_MS,
    resumed: NEVER_MS,
    close: NEVER_MS,
  };
  const backoffMs = isDecided ? 1 : NEVER_MS;
  const isToBeStable = types.some(isStable);
  const isSilent = steps.some(({ event }) => isSilence(event));
  const isReady = timer === 'probe' || timer === 'readyMax';
  return {
    timeouts: {
      ...timeouts,
      ...(timer !== undefined && timer in timeouts && { [timer]: SHORT_MS }),
      ...(isReady && { ready: SILENCE_MS }),
      ...(timer === 'readyMax' && { readyMax: SILENCE_MS }),
      ...(timer === 'replay' && { resumed: SILENCE_MS }),
    },
    backoff: { initial: backoffMs, max: backoffMs, stableAfter: isToBeStable ? STABLE_MS : NEVER_MS },
    heartbeatInterval: !isSilent ? RARE_BEAT_MS : isToBeStable ? SLOW_BEAT_MS : BEAT_MS,
  };
}
