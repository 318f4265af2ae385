import { fetchGatewayInfo } from '../../manager/gatewayInfo.js';
import type { GatewayInfo, ResolvedManagerOptions } from '../../manager/options.js';
import type { SessionStartLimit } from '../../identify/identifyLimiter.js';
import { agentFetch } from '../../util/network/agentFetch.js';
import type { Logger } from '../../util/logger.js';

/** What a worker knows of the gateway before its shards connect: its own options, or an answer of GET /gateway/bot. */
export class GatewayFacts {
  readonly #options: ResolvedManagerOptions;
  readonly #logger: Logger;
  #info: GatewayInfo | null;

  constructor(options: ResolvedManagerOptions, logger: Logger) {
    this.#options = options;
    this.#logger = logger;
    this.#info = options.gatewayInfo ?? null;
  }

  /** The gateway's first URL; null where the options have it. */
  get url(): string | null {
    return this.#info?.url ?? null;
  }

  /** Number of shards that a new fleet has. */
  get total(): number {
    const { total } = this.#options;
    return total === 'auto' ? (this.#info?.shards ?? 1) : total;
  }

  /** Identifies of the day and `max_concurrency`, as far as they are known. */
  get limits(): Partial<SessionStartLimit> & { readonly max_concurrency?: number } {
    return { ...this.#info?.session_start_limit, ...this.#options.sessionStartLimit };
  }

  /** Asks GET /gateway/bot for what no option gives. Throws what `fetchGatewayInfo` throws, and the signal's reason. */
  async ask(signal: AbortSignal): Promise<void> {
    const { token, api, options, total, url, sessionStartLimit, gatewayInfo } = this.#options;
    const hasUrl = url !== undefined || options.url !== undefined;
    const needsUrl = api !== undefined && !hasUrl;
    if (gatewayInfo !== undefined || (total !== 'auto' && sessionStartLimit !== undefined && !needsUrl)) return;
    await this.#fetch(token, signal);
  }

  /** Asks how many shards Discord recommends now. */
  async recommended(signal: AbortSignal): Promise<number> {
    await this.#fetch(this.#options.token, signal);
    return this.#info?.shards ?? 1;
  }

  async #fetch(token: string, signal: AbortSignal): Promise<void> {
    const { api, options } = this.#options;
    const fetch = this.#options.fetch ?? (options.agent === undefined ? undefined : agentFetch(options.agent));
    this.#info = await fetchGatewayInfo(token, {
      ...(api !== undefined && { api }),
      ...(fetch !== undefined && { fetch }),
      signal,
      onRetry: (reason, failures) => {
        if (failures === 2) this.#logger.warn(`Discord's API has not answered twice: ${reason}. It is asked again.`);
      },
    });
  }
}
