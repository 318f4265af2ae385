import { SEND_LIMIT, SEND_WINDOW_MS } from './limits.js';

/** Wait of a permit beyond the window, so that two frames the network has pushed together still count as apart. */
export const PERMIT_SLACK_MS = 1_000;

/** IDENTIFY or RESUME, and heartbeats the gateway asks for out of turn. */
const ROOM = 3;

/**
 * Sends a minute that are safe beside the heartbeats: 120 less the heartbeats that fit into a window, with room; never below 1.
 *
 * See [Discord Docs/Rate Limiting](https://docs.discord.com/developers/events/gateway#rate-limiting).
 */
export function safeSends(heartbeatIntervalMs: number): number {
  const beats = Math.ceil((SEND_WINDOW_MS + PERMIT_SLACK_MS) / Math.max(1, heartbeatIntervalMs)) + 1;
  return Math.max(1, SEND_LIMIT - beats - ROOM);
}

/** Discord's usual interval, for sums made before the first HELLO. */
export const USUAL_HEARTBEAT_INTERVAL_MS = 41_250;
