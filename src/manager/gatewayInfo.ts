import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { RESTGetAPIGatewayBotResult } from 'discord-api-types/v10';
import { hidingToken } from '../util/hidingToken.js';
import { checkTimeout } from '../shard/requests/checks.js';
import { redactor } from '../util/redactor.js';
import { messageOf } from '../util/messageOf.js';
import type { Fetch } from '../util/network/agentFetch.js';
import { checkToken, refuse } from '../util/options.js';
import { isRecord, isWhole } from '../util/predicates.js';
import { backoffMs } from '../protocol/backoff.js';
import { CodedError } from '../util/errors.js';
import { isGatewayUrl } from '../protocol/url.js';
import { handled } from '../util/handled.js';

/** Options of {@link fetchGatewayInfo}. */
export interface GatewayInfoOptions {
  /** Base URL of Discord's API or of a proxy for it. Default `https://discord.com/api/v10`. */
  readonly api?: string;
  /** Ends the request; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Milliseconds for all attempts together; each attempt has a third of them. Default 30 000. */
  readonly timeout?: number;
  /** Used instead of the global `fetch`. */
  readonly fetch?: Fetch;
  /** Called when an attempt failed and another follows: with the reason, and the number of attempts that have failed. */
  readonly onRetry?: (reason: string, failures: number) => void;
}

/** Kind of a {@link GatewayInfoError}: stable, for programs. */
export type GatewayInfoErrorCode = 'INVALID_ANSWER' | 'REFUSED' | 'UNAUTHORIZED' | 'UNAVAILABLE';

/**
 * `GET /gateway/bot` has failed. `code` is stable, `value` is the last HTTP status (null without an answer), and the message
 * says what to do next.
 */
export class GatewayInfoError extends CodedError<GatewayInfoErrorCode, number | null> {
  override readonly name = 'GatewayInfoError';
}

/** The form that Discord asks of every client of its API. See [Discord Docs/User Agent](https://docs.discord.com/developers/reference#user-agent). */
const USER_AGENT = 'DiscordBot (https://www.npmjs.com/package/shardchart, 0.1.0)';

const DISCORD_API = 'https://discord.com/api/v10';

const BACKOFF = { initialMs: 500, maxMs: 5_000 };

/** Outcome of one attempt: the answer, or a failure that another attempt may not meet. All other failures are thrown. */
type Outcome =
  | { readonly info: RESTGetAPIGatewayBotResult }
  | { readonly failure: string; readonly status: number | null; readonly retryAfterMs: number };

/**
 * Asks Discord for the gateway's URL, the recommended number of shards, and the identifies left today. After a 429 (once its
 * Retry-After is over), a 5xx and a network failure it asks again, as long as `timeout` allows.
 *
 * See [Discord Docs/Get Gateway Bot](https://docs.discord.com/developers/events/gateway#get-gateway-bot).
 * @throws ShardError `INVALID_OPTION`; GatewayInfoError `UNAUTHORIZED`, `REFUSED`, `INVALID_ANSWER`, `UNAVAILABLE`; the
 * signal's reason
 */
export function fetchGatewayInfo(token: string, options: GatewayInfoOptions = {}): Promise<RESTGetAPIGatewayBotResult> {
  return handled(askUntilAnswered(token, options));
}

async function askUntilAnswered(token: string, options: GatewayInfoOptions): Promise<RESTGetAPIGatewayBotResult> {
  const { api = DISCORD_API, signal, timeout: timeoutMs = 30_000 } = options;
  checkToken(token);
  const redact = redactor(token);
  checkApi(api, redact);
  hidingToken(token, () => checkTimeout(timeoutMs));
  const url = `${api.replace(/\/+$/, '')}/gateway/bot`;
  const end = performance.now() + timeoutMs;
  for (let failures = 1; ; failures += 1) {
    signal?.throwIfAborted();
    const limitMs = Math.max(0, Math.min(timeoutMs / 3, end - performance.now()));
    const outcome = await ask(url, token, Math.ceil(limitMs), options);
    if ('info' in outcome) return outcome.info;
    const waitMs = Math.max(outcome.retryAfterMs, backoffMs(failures, Math.random(), BACKOFF));
    if (performance.now() + waitMs >= end) {
      const { failure, status, retryAfterMs } = outcome;
      const advice =
        retryAfterMs > 0
          ? `Ask again in ${Math.ceil(retryAfterMs / 1_000)} s.`
          : 'Check https://discordstatus.com and the network of this machine.';
      const tries = failures === 1 ? 'once' : `${failures} times`;
      const message = `${url} was asked ${tries} within ${timeoutMs} ms. The last attempt failed: ${failure}. ${advice}`;
      throw new GatewayInfoError('UNAVAILABLE', redact(message), { value: status });
    }
    options.onRetry?.(outcome.failure, failures);
    await pause(waitMs, signal);
  }
}

async function ask(
  url: string,
  token: string,
  limitMs: number,
  { signal, fetch: send = fetch }: GatewayInfoOptions,
): Promise<Outcome> {
  const redact = redactor(token);
  const late = AbortSignal.timeout(limitMs);
  let response: Response;
  let text: string;
  try {
    response = await send(url, {
      headers: { Authorization: `Bot ${token}`, 'User-Agent': USER_AGENT, Accept: 'application/json' },
      // A redirect would take the token to another address.
      redirect: 'manual',
      signal: signal === undefined ? late : AbortSignal.any([signal, late]),
    });
    text = await response.text();
  } catch (error) {
    signal?.throwIfAborted();
    return {
      failure: late.aborted ? `no answer in ${limitMs} ms` : redact(whyOf(error)),
      status: null,
      retryAfterMs: 0,
    };
  }
  const { status } = response;
  const failed = (code: GatewayInfoErrorCode, advice: string) =>
    new GatewayInfoError(code, redact(`${url} answered ${status}. ${advice}`), { value: status });
  if (status === 429 || status >= 500) {
    return { failure: `status ${status}`, status, retryAfterMs: retryAfterMs(response, text) };
  }
  if (status === 401) {
    throw failed('UNAUTHORIZED', 'The token is wrong or was reset: copy it from the Bot page of the Developer Portal.');
  }
  if (status !== 200) {
    const to = response.headers.get('location');
    const place = to === null ? '' : ` It points to ${to}.`;
    throw failed(
      'REFUSED',
      url.startsWith(DISCORD_API)
        ? `Discord refuses requests from this machine, or a proxy in between does: it may be blocked for some time.${place}`
        : `\`api\` must be the address of Discord's API, such as https://discord.com/api/v10.${place}`,
    );
  }
  const info = parse(text);
  if (isGatewayInfo(info)) return { info };
  const excerpt = redact(text).slice(0, 100);
  throw failed(
    'INVALID_ANSWER',
    `The answer is not { url, shards, session_start_limit }; check that \`api\` is Discord's. It begins ${inspect(excerpt)}.`,
  );
}

async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** Wait that the header or the body asks for, whichever is longer; 0 where neither does. */
function retryAfterMs({ headers }: Response, text: string): number {
  const header = headers.get('retry-after') ?? '';
  const seconds = Number(header);
  const headerMs = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(header) - Date.now();
  const body = parse(text) as { retry_after?: unknown } | null | undefined;
  return Math.max(0, ...[headerMs, Number(body?.retry_after) * 1_000].filter(Number.isFinite));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isGatewayInfo(value: unknown): value is RESTGetAPIGatewayBotResult {
  if (!isRecord(value) || !isRecord(value['session_start_limit'])) return false;
  const { total, remaining, reset_after, max_concurrency } = value['session_start_limit'];
  return (
    isGatewayUrl(value['url']) &&
    isWhole(value['shards'], 1) &&
    isWhole(max_concurrency, 1) &&
    [total, remaining, reset_after].every((it) => isWhole(it, 0))
  );
}

/** The message of a failed fetch with its cause: `fetch failed` alone says nothing. */
function whyOf(error: unknown): string {
  const message = messageOf(error);
  return error instanceof Error && error.cause !== undefined ? `${message}: ${messageOf(error.cause)}` : message;
}

/** @throws ShardError `INVALID_OPTION` */
export function checkApi(api: unknown, redact: (text: string) => string): void {
  const url = typeof api === 'string' && /^https?:\/\//.test(api) && URL.canParse(api) ? new URL(api) : null;
  if (url === null || url.username + url.password + url.search + url.hash !== '') {
    // Redacted, because the token may stand in it.
    refuse('api', redact(String(api)), 'an http:// or https:// URL without user, query and hash');
  }
}
