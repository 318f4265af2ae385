import { handled } from '../util/handled.js';
import { openInBrowser } from '../util/localhost/openInBrowser.js';
import { reportTo } from '../util/logger.js';
import { DashboardError } from './errors.js';
import type { ResolvedServerOptions, ServerOptions } from './options.js';
import { DashboardServer } from './server/dashboardServer.js';
import type { Source } from './source.js';

/** A live page on shards. Made by {@link serveDashboard}. */
export interface Dashboard extends AsyncDisposable {
  /** Resolves when the page can be opened. Rejects with a DashboardError: then nothing is watched any more. */
  readonly ready: Promise<void>;
  /** The page, `http://127.0.0.1:PORT/`, and where a token is needed with that; null until ready and after `stop`. */
  readonly url: string | null;
  /** Pages that are told now what happens. */
  readonly viewers: number;
  /** Leaves the shards as they were before and closes the server with all its connections. Never rejects. */
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
      if (this.#stopped !== null) throw new DashboardError('CLOSED', 'The dashboard was stopped before it was ready.');
    } catch (error) {
      // Whoever does not await `ready` hears of it too, unless they have ended it themselves.
      if (this.#stopped === null) reportTo(this.#options)(error as Error);
      void this.stop();
      throw error;
    }
    if (this.#options.autoOpen && this.url !== null) openInBrowser(this.url, warnTo(this.#options));
  }

  async #stop(): Promise<void> {
    this.#source.stop();
    // What has not begun to listen cannot be closed yet.
    await this.ready.catch(() => {});
    await this.#server.close();
  }
}

/** Tells what is no error. A logger that fails is no reason to disturb the shards. */
export function warnTo({ logger }: Pick<ServerOptions, 'logger'>): (message: string) => void {
  return (message) => {
    try {
      logger?.warn(`dashboard: ${message}`);
    } catch {
      // There is nobody left to tell.
    }
  };
}

/** Serves whatever source there is, and stops it when it is stopped itself. */
export function serveSource(source: Source, options: ResolvedServerOptions): Dashboard {
  return new ServedDashboard(source, options);
}
