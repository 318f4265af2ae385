import { randomBytes } from 'node:crypto';
import { checkFlag, checkMethods, checkObject, refuse, whole } from '../util/options.js';
import type { Logger } from '../util/logger.js';
import { LOOPBACK } from '../util/localhost/loopback.js';
import { ShardError } from '../util/errors.js';
import type { ConnectionAction } from '../simulator/index.js';

/** Options of whatever the dashboard shows. */
export interface ServerOptions {
  /** Default 0: any free one. */
  readonly port?: number;
  /**
   * Name or address to listen on. Default `127.0.0.1`, which no other machine reaches. Elsewhere everybody needs the
   * token, and what is shown crosses the network as plain HTTP.
   */
  readonly host?: string;
  /**
   * What a viewer has to know: from 16 letters, digits and `.`, `_`, `~`, `-`. It stands in the dashboard's `url`. Default:
   * none on `127.0.0.1`, `::1` and `localhost`, elsewhere one made at random.
   */
  readonly token?: string;
  /**
   * Opens the browser. Default false. Where a token is needed it is in the address the browser is started with, which
   * other users of this machine can see among its processes: there open the dashboard's `url` yourself.
   */
  readonly autoOpen?: boolean;
  readonly logger?: Logger;
}

/** Options of {@link serveDashboard}. */
export interface DashboardOptions extends ServerOptions {
  /** Lets viewers connect, reconnect, reinstantiate and close shards. Default false. */
  readonly controls?: boolean;
  /** The simulated gateway the shards are connected to: with `controls` a viewer may commit its faults. */
  readonly simulator?: FaultySimulator;
}

/** What a dashboard needs of a GatewaySimulator. */
export interface FaultySimulator {
  /** Returns how many connections it met. */
  apply(action: ConnectionAction, shardId?: number): number;
}

export type ResolvedServerOptions = Required<Omit<ServerOptions, 'token' | 'logger'>> &
  Pick<ServerOptions, 'logger'> & {
    /** Null where nobody needs one. */
    readonly token: string | null;
  };

const TOKEN = /^[\w.~-]{16,256}$/;
const TOKEN_BYTES = 24;

/**
 * Checks the options and fills in the defaults.
 * @throws ShardError `INVALID_OPTION`
 */
export function resolveServerOptions(options: ServerOptions): ResolvedServerOptions {
  checkObject('options', options, '{ port: 8080 }');
  const { port = 0, host = '127.0.0.1', autoOpen = false, token, logger } = options;
  whole('port', port, { max: 65_535 });
  // One that is empty would listen on every address there is.
  if (typeof host !== 'string' || !/^[\w.:-]+$/.test(host)) {
    refuse('host', host, "a name or address of this machine, such as '127.0.0.1'");
  }
  checkFlag('autoOpen', autoOpen);
  // Without the value, which is the secret.
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

/** @throws ShardError `INVALID_OPTION` */
export function checkControls({ controls, simulator }: DashboardOptions): void {
  checkFlag('controls', controls);
  checkMethods('simulator', simulator, ['apply'], 0);
}
