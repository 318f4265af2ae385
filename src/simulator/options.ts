import type { Fault } from './faults/faults.js';
import type { SessionStartLimit } from './connection/identifyGate.js';
import type { ApiRoute } from './http/apiRoute.js';

/**
 * Guild that READY lists and GUILD_CREATE carries. Further fields go into GUILD_CREATE unchanged, in place of their defaults:
 * `@everyone` as the only role, one text channel, the bot as the only member. GUILD_CREATE always has the bot's own member.
 * Requests are answered from `members`, `presences`, `soundboard_sounds` and `channels`.
 *
 * See [Discord Docs/Guild Create](https://docs.discord.com/developers/events/gateway-events#guild-create).
 */
export interface SampleGuild {
  /** Snowflake (digits). The id decides which shard the guild belongs to. */
  readonly id: string;
  readonly name: string;
  readonly [field: string]: unknown;
}

/**
 * Options of `createGatewaySimulator`. Every option may be left out; times are in milliseconds unless an option says otherwise.
 *
 * See [Discord Docs/Rate Limiting](https://docs.discord.com/developers/events/gateway#rate-limiting) for the limits.
 */
export interface SimulatorOptions {
  /** Port to listen on; default 0, any free one. */
  readonly port?: number;
  /** Address to listen on; default `127.0.0.1`. */
  readonly host?: string;
  /** Only token the simulator accepts, without "Bot " in front; default any non-empty string. The token is never recorded or shown. */
  readonly token?: string;
  /** `heartbeat_interval` of HELLO in milliseconds; default 41 250. */
  readonly heartbeatInterval?: number;
  /** Milliseconds without a heartbeat, beyond one and a half intervals, after which a connection closes with 4009; default 1 000. Infinity turns this off. */
  readonly heartbeatSlack?: number;
  /** `shards` that `GET /gateway/bot` recommends; default 1. */
  readonly shards?: number;
  /** `max_concurrency`; default 1. */
  readonly maxConcurrency?: number;
  /** Milliseconds between two IDENTIFYs of one `shard_id % max_concurrency`; default 5 000. */
  readonly identifyWindow?: number;
  /** Milliseconds by which an IDENTIFY may come early, because clocks and networks jitter; default a tenth of `identifyWindow`, at most 50. */
  readonly identifyTolerance?: number;
  /** IDENTIFYs a day; default `{ total: 1000, remaining: 1000, resetAfter: 86_400_000 }`. `remaining` defaults to `total`; `resetAfter` is in milliseconds. */
  readonly sessionStartLimit?: Partial<SessionStartLimit>;
  /** Payloads a connection may send in any `sendWindow`; default 120. */
  readonly sendLimit?: number;
  /** Milliseconds in which `sendLimit` payloads may be sent; default 60 000. */
  readonly sendWindow?: number;
  /** Presence updates a connection may send in any `presenceWindow`; default 5. A further one is ignored and recorded as a violation. */
  readonly presenceLimit?: number;
  /** Milliseconds in which `presenceLimit` presence updates may be sent; default 20 000. */
  readonly presenceWindow?: number;
  /** Milliseconds in which the bot may ask once for all members of a guild; default 30 000. A further request is answered with RATE_LIMITED and recorded as a violation. */
  readonly membersWindow?: number;
  /** Milliseconds for which a session can be resumed after its connection ended; default 60 000. */
  readonly sessionTimeout?: number;
  /** Dispatches a session keeps for replay; default 10 000. A RESUME that needs older ones is answered with op 9 false. */
  readonly maxReplay?: number;
  /** Intent bits that exist; IDENTIFY with any other bit closes with 4013. Default: all bits. */
  readonly allowedIntents?: number;
  /** Intent bits the bot was not granted; IDENTIFY with one of them closes with 4014. Default 0. */
  readonly disallowedIntents?: number;
  /** True makes IDENTIFY with a total of 1 close with 4011. Default false. */
  readonly requireSharding?: boolean;
  /** Guilds of the bot, distributed over its shards by Discord's formula; default none. */
  readonly guilds?: readonly SampleGuild[];
  /** Members in a GUILD_MEMBERS_CHUNK; default 1 000, as at Discord. */
  readonly chunkSize?: number;
  /** Bot user, whose id is also the application's id in READY; default `{ id: '80351110224678912', username: 'simulated' }`. */
  readonly user?: { readonly id: string; readonly username: string };
  /** Bytes after which a `zlib-stream` payload continues in another WebSocket message; default Infinity, which never splits one. */
  readonly splitFrames?: number;
  /** Smallest payload in bytes that is compressed where IDENTIFY has `compress: true`; default 1 024. */
  readonly payloadCompressionThreshold?: number;
  /** True records every frame; default true. Violations, identifies and the log are always recorded. */
  readonly record?: boolean;
  /** Most frames kept, and as many log entries, violations and identifies; the oldest are dropped first. Default 100 000. */
  readonly maxFrames?: number;
  /** Clock that stamps records and measures limits: milliseconds that never decrease; default the time since the epoch. Timers run on the real clock. */
  readonly now?: () => number;
  /**
   * Answers requests to the HTTP API other than those for the gateway, such as a message that the bot sends; default none,
   * which answers 404. See {@link ApiRoute}.
   */
  readonly api?: ApiRoute;
  /** Faults to commit, in order: see {@link Fault}. Default none. */
  readonly script?: readonly Fault[];
}
