/**
 * The numbers Discord's gateway enforces.
 *
 * See [Discord Docs/Gateway Rate Limiting](https://docs.discord.com/developers/events/gateway#rate-limiting).
 */

/** Payloads one connection may send in any {@link SEND_WINDOW_MS}, heartbeats included; one more is answered with 4008. */
export const SEND_LIMIT = 120;
export const SEND_WINDOW_MS = 60_000;

/** Presence updates in any {@link PRESENCE_WINDOW_MS}. */
export const PRESENCE_LIMIT = 5;
export const PRESENCE_WINDOW_MS = 20_000;

/** Bytes of UTF-8 one payload may have; a longer one is answered with 4002. */
export const MAX_PAYLOAD_BYTES = 4_096;

/** One IDENTIFY per `shard_id % max_concurrency` in this time. */
export const IDENTIFY_WINDOW_MS = 5_000;

/** How long a spent `session_start_limit` takes to be whole again. */
export const BUDGET_PERIOD_MS = 86_400_000;

/** Wait after op 9 false before the next connection: random between these two. */
export const INVALID_SESSION_WAIT_MS = { min: 1_000, max: 5_000 } as const;

/**
 * An identify that leads to no stable connection is the way to spend a day's 1 000, after which Discord resets the token.
 * So many in a row are free; from then on one comes every 60 to 120 s, which is 960 a day. Guards shards whose
 * `identifyLimiter` is not this package's: only this package's limiters have the allowance of machines/identifyAllowance.ts.
 */
export const FREE_IDENTIFIES = 10;
export const IDENTIFY_PACE_MS = { min: 60_000, max: 120_000 } as const;

/** Longest wait before a RESUME after a connection that got somewhere: a resume costs nothing, and Discord's buffer is finite. */
export const RESUME_WAIT_MS = 5_000;

/** `heartbeat_interval` outside of these is taken as the bound. Discord's is 41 250. */
export const HEARTBEAT_INTERVAL_MS = { min: 100, max: 600_000 } as const;

/**
 * From so many connections of a process that end within a second on, first reconnects are spread: each takes a random part
 * of so many milliseconds a connection, up to a limit.
 */
export const SPREAD = { from: 5, eachMs: 25, maxMs: 5_000 } as const;

/** The longest Retry-After that is believed. */
export const MAX_RETRY_AFTER_MS = 3_600_000;

/** Longest delay a timer of Node's takes; anything above it (or Infinity) would fire after 1 ms. */
export const MAX_DELAY_MS = 2_147_483_647;

/** Bytes a WebSocket close reason may have (RFC 6455, 5.5: 125 bytes less the two of the code). */
export const MAX_CLOSE_REASON_BYTES = 123;
