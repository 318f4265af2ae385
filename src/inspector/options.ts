import type { AnyActorRef } from 'xstate';
import { checkFlag, checkMethods, checkObject, refuse, whole } from '../util/options.js';
import { isWhole } from '../util/predicates.js';
import type { Logger } from '../util/logger.js';
import { LOOPBACK } from '../util/localhost/loopback.js';

/** One shard: its id and the actor of its chart. */
export interface InspectedShard {
  readonly id: number;
  readonly actor: AnyActorRef;
}

/** Shards that come and go, such as a manager's. */
export interface InspectedGroup {
  readonly ids: readonly number[];
  readonly shards: ReadonlyMap<number, InspectedShard>;
  /** Those that are not in service. */
  readonly otherShards?: readonly InspectedShard[];
  /** Tells a shard that was made and has done nothing yet. */
  on(name: 'shard', listener: (shard: InspectedShard) => void): unknown;
  off(name: 'shard', listener: (shard: InspectedShard) => void): unknown;
}

/** Options of {@link attachInspector}. */
export interface InspectorOptions {
  /** Default 0: any free one. */
  readonly port?: number;
  /** An address of this machine's own, which no other machine reaches. Default `127.0.0.1`. */
  readonly host?: '127.0.0.1' | '::1' | 'localhost';
  /** The viewer: any page that speaks the Stately inspector's protocol. Default `https://stately.ai/inspect`. */
  readonly page?: string;
  /** Which shards of a manager, made already or later. Default: the first eight it makes. */
  readonly shards?: readonly number[];
  /** Opens the browser. Default false. */
  readonly autoOpen?: boolean;
  /** How many events a second are shown of each shard; those above are dropped and counted. Default 200. */
  readonly maxEventsPerSecond?: number;
  /** What else must never be shown, such as the bot's token or an API's key: each is replaced wherever it stands. */
  readonly secrets?: readonly string[];
  readonly logger?: Logger;
}

export type ResolvedInspectorOptions = Required<Omit<InspectorOptions, 'shards' | 'logger'>> &
  Pick<InspectorOptions, 'shards' | 'logger'>;

/** Shorter than this it is no secret, but would take pieces out of other words. */
const SHORTEST_SECRET = 8;

/**
 * Checks the options and fills in the defaults.
 * @throws ShardError `INVALID_OPTION`
 */
export function resolveInspectorOptions(options: InspectorOptions): ResolvedInspectorOptions {
  checkObject('options', options, '{ port: 8080 }');
  const {
    port = 0,
    host = '127.0.0.1',
    page = 'https://stately.ai/inspect',
    autoOpen = false,
    maxEventsPerSecond = 200,
    secrets = [],
    shards,
    logger,
  } = options;
  whole('port', port, { max: 65_535 });
  whole('maxEventsPerSecond', maxEventsPerSecond, { min: 1, max: 100_000 });
  if (!LOOPBACK.has(host)) refuse('host', host, "'127.0.0.1', '::1' or 'localhost'");
  if (!isWebPage(page)) refuse('page', page, 'the http or https URL of a page');
  checkFlag('autoOpen', autoOpen);
  if (shards !== undefined && !(Array.isArray(shards) && shards.every((id) => isWhole(id)))) {
    refuse('shards', shards, 'a list of shard ids');
  }
  // Without the value, which is the secret.
  if (!Array.isArray(secrets) || !secrets.every((it) => typeof it === 'string' && it.length >= SHORTEST_SECRET)) {
    refuse('secrets', '…', `a list of texts of at least ${SHORTEST_SECRET} characters`);
  }
  checkMethods('logger', logger, ['debug', 'info', 'warn', 'error'], 0);
  return {
    port,
    host,
    page,
    autoOpen,
    maxEventsPerSecond,
    secrets,
    ...(shards !== undefined && { shards }),
    ...(logger !== undefined && { logger }),
  };
}

/** @throws ShardError `INVALID_OPTION` */
export function checkInspected(source: unknown): asserts source is InspectedShard | InspectedGroup {
  if (isGroup(source)) return checkMethods('source', source, ['on', 'off'], 0);
  const { id, actor } = (source ?? {}) as Partial<InspectedShard>;
  if (!isWhole(id) || typeof actor?.system?.inspect !== 'function') {
    refuse('source', source, 'a shard or a manager of shards', 0);
  }
}

export const isGroup = (source: unknown): source is InspectedGroup =>
  (source as Partial<InspectedGroup> | null)?.shards instanceof Map;

function isWebPage(page: unknown): boolean {
  return typeof page === 'string' && URL.canParse(page) && /^https?:$/.test(new URL(page).protocol);
}
