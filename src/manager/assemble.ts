import type { ManagerInput } from '../../machines/manager.types.js';
import type { Emitter } from '../util/emitter.js';
import type { ProcessIdentifyLimiter } from '../identify/identifyLimiter.js';
import type { GuardedLogger } from '../util/logger.js';
import type { ManagerEvents } from './events.js';
import { Fleet } from './fleet.js';
import { Identifies } from './identifyControl.js';
import type { ResolvedManagerOptions } from './options.js';
import { Preparation } from './preparation.js';

/** Connections that may be opened at the same time: more of them only wait for each other's handshakes. */
const MAX_OPENING = 64;

/** How long a hand-over waits for shards of the old set that are away. */
const HAND_OVER_MS = 60_000;

/** How long the old set goes on after it: what is on its way to a connection arrives within that. */
const DRAIN_MS = 5_000;

/** What a shard may need to go down beside `timeouts.close` for its socket and again for its session store. */
const CLOSE_MARGIN_MS = 3_000;
const DEFAULT_CLOSE_MS = 2_000;

/** The parts of a manager around its chart. */
export interface ManagerAssembly {
  readonly fleet: Fleet;
  readonly identifies: Identifies;
  readonly preparation: Preparation;
  readonly input: ManagerInput;
  readonly actors: {
    readonly fleet: ReturnType<Fleet['logic']>;
    readonly preparation: ReturnType<Preparation['logic']>;
  };
}

export interface ManagerAssemblyParts {
  readonly emitter: Emitter<ManagerEvents>;
  readonly logger: GuardedLogger;
}

/** Puts the parts together. The token ends here: in what makes shards and asks for the gateway. */
export function assembleManager(
  resolved: ResolvedManagerOptions,
  { emitter, logger }: ManagerAssemblyParts,
): ManagerAssembly {
  const { token, intents, options, shardOptions } = resolved;
  const identifies = new Identifies(resolved, (limiter) => tellBudget(limiter, emitter, logger));
  const preparation = new Preparation({
    options: resolved,
    identifies,
    logger,
    left: () => fleet.left,
    lastServed: () => fleet.lastServed,
  });
  const fleet: Fleet = new Fleet({
    emitter,
    logger,
    store: resolved.sessionStore,
    sessions: () => preparation.sessions,
    optionsOf: (id) => ({
      ...(preparation.url !== null && { url: preparation.url }),
      ...options,
      ...shardOptions[id],
      token,
      intents,
      identifyLimiter: identifies.limiter,
      ...(resolved.logger !== undefined && { logger: resolved.logger }),
    }),
    refused: (error) => {
      // A logger of the user's has it from the shard; without one, whoever does not listen must hear of it too.
      if (logger.isDefault && !emitter.has('error') && !emitter.has('fatal')) {
        logger.error(`shard ${error.shardId}: ${error.message}`);
      }
    },
  });
  const closeMs = Math.max(
    ...[options, ...Object.values(shardOptions)].map(({ timeouts }) => timeouts?.close ?? DEFAULT_CLOSE_MS),
  );
  return {
    fleet,
    identifies,
    preparation,
    input: {
      maxOpening: MAX_OPENING,
      timeouts: { handOverMs: HAND_OVER_MS, drainMs: DRAIN_MS, closeMs: 2 * closeMs + CLOSE_MARGIN_MS },
    },
    actors: { fleet: fleet.logic(), preparation: preparation.logic() },
  };
}

/** Says so when the day's identifies are spent, and until when. */
function tellBudget(queue: ProcessIdentifyLimiter, emitter: Emitter<ManagerEvents>, logger: GuardedLogger): void {
  queue.actor.on('identify.exhausted', () => {
    const { budget } = queue;
    if (budget === null) return;
    const until = new Date(budget.resetAt).toISOString();
    logger.warn(
      `the day's identifies are spent (${budget.remaining} of ${budget.total} left): shards wait until ${until}`,
    );
    emitter.emit('exhausted', budget);
  });
  queue.actor.on('identify.renewed', () => {
    const { budget } = queue;
    if (budget === null) return;
    logger.info(`there are identifies again: ${budget.remaining} of ${budget.total}`);
    emitter.emit('renewed', budget);
  });
}
