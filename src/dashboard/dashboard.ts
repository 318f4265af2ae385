import { handled } from '../util/handled.js';
import { openInBrowser } from '../util/localhost/openInBrowser.js';
import { reportTo } from '../util/logger.js';
import { DashboardError } from './errors.js';
import type { ResolvedServerOptions, ServerOptions } from './options.js';
import { DashboardServer } from './server/dashboardServer.js';
import type { Source } from './source.js';

/** A live page of shards, made by {@link serveDashboard} or {@link serveAuditDashboard}. */
export interface Dashboard extends AsyncDisposable {
  /** Resolves when the page can be opened. Rejects with a DashboardError; the shards are no longer watched then. */
  readonly ready: Promise<void>;
  /**
   * The page's URL, `http://127.0.0.1:PORT/`, with the token where one is needed; null until ready and after `stop`.
   */
  readonly url: string | null;
  /** Number of pages that receive events now. */
  readonly viewers: number;
  /** Removes all listeners from the shards, and closes the server with all its connections. Never rejects. */
  stop(): Promise<void>;
}

class ServedDashboard implements Dashboard {
  readonly ready: Promise<void>;
  readonly #options: ResolvedServerOptions;
  readonly #source: Source;
  readonly #server: DashboardServer;
  #stopped: Promise<void> | null = null;

  constructor(source: Source, options: ResolvedServerOptions) {
    this.#source = source;
    this.#options = options;
    this.#server = new DashboardServer(source, options, warnTo(options));
    this.ready = handled(this.#start());
  }

  get url(): string | null {
    return this.#server.url;
  }

  get viewers(): number {
    return this.#server.viewers;
  }

  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #start(): Promise<void> {
    try {
      await this.#server.listen();
      if (this.#stopped !== null)
        throw new DashboardError(
          'CLOSED',
          'The dashboard was stopped before it was ready. Await `ready` before `stop`.',
        );
    } catch (error) {
      // The logger reports the error too, because a user may not await `ready`; after `stop` it is expected.
      if (this.#stopped === null) reportTo(this.#options)(error as Error);
      void this.stop();
      throw error;
    }
    if (this.#options.autoOpen && this.url !== null) openInBrowser(this.url, warnTo(this.#options));
  }

  async #stop(): Promise<void> {
    this.#source.stop();
    // A server that does not listen yet cannot be closed.
    await this.ready.catch(() => {});
    await this.#server.close();
  }
}

/** Returns a function that writes warnings to the logger. A logger that throws must not disturb the shards. */
export function warnTo({ logger }: Pick<ServerOptions, 'logger'>): (message: string) => void {
  return (message) => {
    try {
      logger?.warn(`dashboard: ${message}`);
    } catch {
      // A broken logger cannot report its own failure.
    }
  };
}

/** Serves a source; stopping the dashboard stops the source. */
export function serveSource(source: Source, options: ResolvedServerOptions): Dashboard {
  return new ServedDashboard(source, options);
}
