import type { EventObject, SnapshotFrom } from 'xstate';
import type { ShardContext, shardMachine } from '../../../machines/index.js';
import { outside, strays } from '../alphabet.js';
import { inside } from '../explore.js';
import { isWithin } from '../laws/lawbook.js';
import {
  ABORTING,
  AWAITING_SESSION,
  CLOSING,
  CONNECTED,
  FATAL,
  IDLE,
  OPENING,
  PAST_HELLO,
  STOPPED,
  STOPPING,
  WANTED,
} from '../laws/outcomes.js';
import { pathOf } from '../observer.js';
import { isInTime } from '../shardPaths.js';

export type ShardSnapshot = SnapshotFrom<typeof shardMachine>;

const commands =
  /^(connect|resume|identify|reconnect|reinstantiate|disconnect|close|shutdown|abort|send|send\.cancel)$/;

export const isCommand = ({ type }: EventObject): boolean => commands.test(type);

/** True for events that follow a beat without an ack. */
export const isSilence = ({ type }: EventObject): boolean =>
  /^(heartbeat\.suspected|socket\.settled|xstate\.done\.actor\.heartbeat)$/.test(type);

/** True where a WebSocket is open and wanted. */
export const isOpen = (path: string): boolean => isWithin(path, WANTED) && path !== OPENING;

/** Events that a user, time, and a gateway behind a socket can cause in this configuration. */
export function possible(snapshot: ShardSnapshot): EventObject[] {
  return [...outside, ...strays, ...inside(snapshot)].filter(
    (event) => canHappen(event, snapshot) && isInTime(event, snapshot),
  );
}

/** Possible events after which the gateway still has a usable socket, and nothing happens by itself. */
export function leadingOn(snapshot: ShardSnapshot): EventObject[] {
  const path = pathOf(snapshot.value);
  return possible(snapshot).filter((event) => {
    const { retryAfterMs, resumable } = event as { retryAfterMs?: number | null; resumable?: boolean };
    // A retry time or op 9 false leads to a wait of seconds.
    if (typeof retryAfterMs === 'number' || resumable === false) return false;
    // A WebSocket that is closed before it is open ends without a record.
    return path === OPENING ? /^socket\.(opened|closed)$/.test(event.type) : !isSilence(event);
  });
}

function canHappen(event: EventObject, snapshot: ShardSnapshot): boolean {
  const { type } = event;
  const path = pathOf(snapshot.value);
  if (isCommand(event)) return canCommand(event, path, snapshot.context);
  switch (type) {
    case 'socket.closed':
      return canClose(event as never, path);
    // The gateway here answers IDENTIFY when it comes, or not at all.
    case 'gateway.ready':
      return !path.endsWith('.awaitingReady.alive');
    // No gateway is quiet for an hour here.
    case 'gateway.acknowledged':
      return (event as unknown as { quietMs: number }).quietMs === 0;
    case 'store.answered':
    case 'store.failed':
      return isWithin(path, AWAITING_SESSION);
    case 'socket.corrupted':
    case 'gateway.reconnect':
      return isOpen(path);
    case 'socket.closing':
      return isWithin(path, CLOSING);
    case 'heartbeat.due':
    case 'heartbeat.suspected':
    case 'socket.settled':
      return isWithin(path, PAST_HELLO);
    case 'bucket.granted':
      return isWithin(path, CONNECTED);
    // A written payload is with the network at once: see the stories.
    case 'socket.unsent':
      return false;
    default:
      // An abort is over before the command returns.
      return !type.startsWith('xstate.error.') && !(path === ABORTING && type.startsWith('xstate.after.'));
  }
}

function canCommand(event: EventObject, path: string, { session, asksStore }: ShardContext): boolean {
  switch (event.type) {
    // The session comes with the options.
    case 'connect':
      return (event as { session?: unknown }).session === null && path !== ABORTING;
    // `resume()` is refused at once where there is neither a session nor a store, and sends connect while the shard is up.
    case 'resume':
      return (path === IDLE && (asksStore || session !== null)) || isWithin(path, AWAITING_SESSION);
    // `shutdown()` sends its event once.
    case 'shutdown':
      return path !== STOPPING && path !== ABORTING;
    // An Offline shard refuses them with NOT_CONNECTED, and one that is down for good with its error.
    case 'send':
    case 'send.cancel':
      return path !== IDLE && path !== FATAL && path !== STOPPED && path !== ABORTING;
    default:
      return path !== ABORTING;
  }
}

/** A close has no code before the upgrade, and none is read after an abort. */
function canClose(
  { code, retryAfterMs, endedTogether = 1 }: { code: number; retryAfterMs: number | null; endedTogether?: number },
  path: string,
): boolean {
  if (endedTogether > 1) return false;
  if (path === OPENING) return code === 1006;
  return retryAfterMs === null && (path !== ABORTING || code === 1006);
}
