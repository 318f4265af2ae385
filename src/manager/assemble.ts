import type { ManagerInput } from '../../machines/manager.types.js';
import type { Emitter } from '../util/emitter.js';
import type { ProcessIdentifyLimiter } from '../identify/identifyLimiter.js';
import type { GuardedLogger } from '../util/logger.js';
import type { ManagerEvents } from './events.js';
import { Fleet } from './fleet.js';
import { GatewayRefresh } from './gatewayRefresh.js';
import { IdentifyControl } from './identifyControl.js';
import type { ResolvedManagerOptions } from './options.js';
import { Preparation } from './preparation.js';

/** Connections that may be opened at the same time. More of them only wait for each other's handshakes. */
const MAX_OPENING = 64;

/** How long a hand-over waits for shards of the current set that are away. */
const HAND_OVER_MS = 60_000;

/** How long the previous set stays connected after the hand-over: events on their way to it arrive within that time. */
const DRAIN_MS = 5_000;

/** Time a shard may need to go down, besides `timeouts.close` for its socket and again for its session store. */
const CLOSE_MARGIN_MS = 3_000;
const DEFAULT_CLOSE_MS = 2_000;

/** The collaborators of a manager's chart. */
export interface ManagerAssembly {
  readonly fleet: Fleet;
  readonly identifies: IdentifyControl;
  readonly preparation: Preparation;
  readonly refresh: GatewayRefresh;
  readonly input: ManagerInput;
  readonly actors: {
    readonly fleet: ReturnType<Fleet['logic']>;
    readonly preparation: ReturnType<Preparation['logic']>;
  };
}

export interface ManagerAssemblyDeps {
  readonly emitter: Emitter<ManagerEvents>;
  readonly logger: GuardedLogger;
}

/** Assembles a manager. The token stays in here: it goes to the shards and to GET /gateway/bot, and nowhere else. */
export function assembleManager(
  resolved: ResolvedManagerOptions,
  { emitter, logger }: ManagerAssemblyDeps,
): ManagerAssembly {
  const { token, intents, url, options, shardOptions } = resolved;
  const identifies = new IdentifyControl(resolved, {
    onQueue: (queue) => {
      reportBudget(queue, emitter, logger);
      // The day's end is known from the last answer; other processes may have used the new day since.
      queue.actor.on('identify.renewed', () => void refresh.request());
    },
    onError: (message) => logger.error(message),
  });
  const preparation = new Preparation({
    options: resolved,
    identifies,
    logger,
    left: () => fleet.left,
    lastServed: () => fleet.lastServed,
  });
  const refresh = new GatewayRefresh({ ask: (signal) => preparation.refresh(signal), logger });
  const isUrlGiven = url !== undefined || options.url !== undefined;
  const fleet: Fleet = new Fleet({
    emitter,
    logger,
    store: resolved.sessionStore,
    sessions: () => preparation.sessions,
    optionsOf: (id) => ({
      // Read for each connection: a newer answer of GET /gateway/bot changes it.
      ...(preparation.url !== null && { url: () => preparation.url ?? '' }),
      ...(url !== undefined && { url }),
      ...options,
      ...shardOptions[id],
      token,
      intents,
      identifyLimiter: identifies.limiter,
      ...(resolved.logger !== undefined && { logger: resolved.logger }),
    }),
    onUnreachable: () => {
      if (!isUrlGiven) void refresh.request();
    },
    onRefused: (error) => {
      // The user's logger has the line from the shard. Without a logger and a listener the console is the only place left.
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
    refresh,
    input: {
      maxOpening: MAX_OPENING,
      timeouts: { handOverMs: HAND_OVER_MS, drainMs: DRAIN_MS, closeMs: 2 * closeMs + CLOSE_MARGIN_MS },
    },
    actors: { fleet: fleet.logic(), preparation: preparation.logic() },
  };
}

/** Reports when the day's identifies are spent, and when they are available again. */
function reportBudget(queue: ProcessIdentifyLimiter, emitter: Emitter<ManagerEvents>, logger: GuardedLogger): void {
  queue.actor.on('identify.exhausted', () => {
    const { budget } = queue;
    if (budget === null) return;
    const until = new Date(budget.resetAt).toISOString();
    logger.warn(
      `the day's identifies are spent (${budget.remaining} of ${budget.total} left): shards without a session wait until ${until}`,
    );
    emitter.emit('exhausted', budget);
  });
  queue.actor.on('identify.renewed', () => {
    const { budget } = queue;
    if (budget === null) return;
    logger.info(`identifies are available again: ${budget.remaining} of ${budget.total}`);
    emitter.emit('renewed', budget);
  });
  queue.allowance.on('allowance.exhausted', () => {
    const { budget, nextAt } = queue;
    const resetAt = nextAt ?? Date.now();
    logger.warn(
      `shards have identified too often: the next further IDENTIFY leaves at ${new Date(resetAt).toISOString()}. Discord resets the token of a bot that spends its day's identifies`,
    );
    if (budget !== null) emitter.emit('exhausted', { ...budget, resetAt });
  });
  queue.allowance.on('allowance.renewed', () => {
    if (queue.budget !== null) emitter.emit('renewed', queue.budget);
  });
}
