import { randomBytes } from 'node:crypto';
import { checkFlag, checkMethods, checkNames, checkObject, namesOf, refuse, whole } from '../util/options.js';
import type { Logger } from '../util/logger.js';
import { LOOPBACK } from '../util/localhost/loopback.js';
import { ShardError } from '../util/errors.js';
import type { ConnectionAction } from '../simulator/index.js';

/** Options of every dashboard. */
export interface ServerOptions {
  /** Port to listen on. Default 0: a free one. */
  readonly port?: number;
  /**
   * Name or address to listen on. Default `127.0.0.1`, which other machines cannot reach. On any other address viewers
   * need the token, and the page crosses the network as plain HTTP.
   */
  readonly host?: string;
  /**
   * Secret that viewers need, at least 16 letters, digits and `.`, `_`, `~`, `-`. The dashboard's `url` contains it.
   * Default: none on `127.0.0.1`, `::1` and `localhost`, a random one elsewhere.
   */
  readonly token?: string;
  /**
   * Opens the page in the browser. Default false. The browser gets the token in its arguments, which other users of
   * this machine can read; with a token open the dashboard's `url` yourself.
   */
  readonly autoOpen?: boolean;
  readonly logger?: Logger;
}

/** Options of {@link serveDashboard}. */
export interface DashboardOptions extends ServerOptions {
  /** Lets viewers connect, reconnect, reinstantiate and close shards. Default false. */
  readonly controls?: boolean;
  /** The simulated gateway of the shards: with `controls` viewers may apply its faults. */
  readonly simulator?: FaultySimulator;
}

/** The members of a GatewaySimulator that the dashboard uses. */
export interface FaultySimulator {
  /** Applies an action. Returns the number of connections that it met. */
  apply(action: ConnectionAction, shardId?: number): number;
}

export type ResolvedServerOptions = Required<Omit<ServerOptions, 'token' | 'logger'>> &
  Pick<ServerOptions, 'logger'> & {
    /** Null where no token is needed. */
    readonly token: string | null;
  };

const SERVER_OPTIONS = namesOf<ServerOptions>()({ port: true, host: true, token: true, autoOpen: true, logger: true });

export const CONTROL_OPTIONS = namesOf<Omit<DashboardOptions, keyof ServerOptions>>()({
  controls: true,
  simulator: true,
});

const TOKEN = /^[\w.~-]{16,256}$/;
const TOKEN_BYTES = 24;

/**
 * Checks the options and fills in the defaults. `further` names those that the caller checks.
 * @throws ShardError `INVALID_OPTION`
 */
export function resolveServerOptions(options: ServerOptions, further: readonly string[] = []): ResolvedServerOptions {
  checkObject('options', options, '{ port: 8080 }');
  checkNames('The dashboard', options, [...SERVER_OPTIONS, ...further]);
  const { port = 0, host = '127.0.0.1', autoOpen = false, token, logger } = options;
  whole('port', port, { max: 65_535 });
  // An empty host would listen on every address.
  if (typeof host !== 'string' || !/^[\w.:-]+$/.test(host)) {
    refuse('host', host, "a name or address of this machine, such as '127.0.0.1'");
  }
  checkFlag('autoOpen', autoOpen);
  // The error does not carry the value, which is a secret.
  if (token !== undefined && !(typeof token === 'string' && TOKEN.test(token))) {
    const message = '`token` must be a text of 16 to 256 letters, digits, dots, underscores, tildes and dashes.';
    throw new ShardError('INVALID_OPTION', message);
  }
  checkMethods('logger', logger, ['debug', 'info', 'warn', 'error'], 0);
  return {
    port,
    host,
    autoOpen,
    token: token ?? (LOOPBACK.has(host) ? null : randomBytes(TOKEN_BYTES).toString('base64url')),
    ...(logger !== undefined && { logger }),
  };
}

/**
 * Checks the options for controls.
 * @throws ShardError `INVALID_OPTION`
 */
export function checkControls({ controls, simulator }: DashboardOptions): void {
  checkFlag('controls', controls);
  checkMethods('simulator', simulator, ['apply'], 0);
}
