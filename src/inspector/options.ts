import type { AnyActorRef } from 'xstate';
import { checkFlag, checkMethods, checkNames, checkObject, namesOf, refuse, whole } from '../util/options.js';
import { isWhole } from '../util/predicates.js';
import type { Logger } from '../util/logger.js';
import { LOOPBACK } from '../util/localhost/loopback.js';

/** Shard that can be inspected: its id and the actor of its chart. */
export interface InspectedShard {
  readonly id: number;
  readonly actor: AnyActorRef;
}

/** Group of shards that come and go, such as a manager. */
export interface InspectedGroup {
  readonly ids: readonly number[];
  readonly shards: ReadonlyMap<number, InspectedShard>;
  /** Shards outside of the current set, such as those of a resharding. */
  readonly otherShards?: readonly InspectedShard[];
  /** Emitted for each shard when it is made, before it does anything. */
  on(name: 'shard', listener: (shard: InspectedShard) => void): unknown;
  off(name: 'shard', listener: (shard: InspectedShard) => void): unknown;
}

/** Options of {@link attachInspector}. */
export interface InspectorOptions {
  /** Port of the page; default 0, any free one. */
  readonly port?: number;
  /** Loopback address to listen on, which no other machine reaches; default `127.0.0.1`. */
  readonly host?: '127.0.0.1' | '::1' | 'localhost';
  /** URL of the viewer, a page that speaks the Stately inspector's protocol; default `https://stately.ai/inspect`. */
  readonly page?: string;
  /** Ids of the manager's shards to show, now or once they are made; default the first eight. */
  readonly shards?: readonly number[];
  /** True opens the page in the browser; default false. */
  readonly autoOpen?: boolean;
  /** Most events and snapshots a second that are shown of each shard; default 200. Further ones are dropped and counted. */
  readonly maxEventsPerSecond?: number;
  /** Further texts that must never be shown, such as an API key: each is replaced wherever it occurs. Default none. */
  readonly secrets?: readonly string[];
  /** Logger for warnings and errors of the inspector; default none. */
  readonly logger?: Logger;
}

export type ResolvedInspectorOptions = Required<Omit<InspectorOptions, 'shards' | 'logger'>> &
  Pick<InspectorOptions, 'shards' | 'logger'>;

const OPTIONS = namesOf<InspectorOptions>()({
  port: true,
  host: true,
  page: true,
  shards: true,
  autoOpen: true,
  maxEventsPerSecond: true,
  secrets: true,
  logger: true,
});

/** Shortest secret: a shorter text would be cut out of ordinary words. */
const SHORTEST_SECRET = 8;

/**
 * Checks the options and fills in the defaults.
 * @throws ShardError `INVALID_OPTION`
 */
export function resolveInspectorOptions(options: InspectorOptions): ResolvedInspectorOptions {
  checkObject('options', options, '{ port: 8080 }');
  checkNames('attachInspector', options, OPTIONS);
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
    refuse('shards', shards, 'an array of shard ids');
  }
  // The error must not show the value, which is a secret.
  if (!Array.isArray(secrets) || !secrets.every((it) => typeof it === 'string' && it.length >= SHORTEST_SECRET)) {
    refuse('secrets', '…', `an array of strings of at least ${SHORTEST_SECRET} characters`);
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
