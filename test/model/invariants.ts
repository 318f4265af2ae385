import type { EventObject } from 'xstate';
import { endsSession } from '../../src/protocol/closeCodes.js';
import type { Harness } from '../machines/rig.js';
import { isWithin } from './laws/lawbook.js';
import {
  AWAITING_SESSION,
  CONNECTED,
  DISCONNECTED,
  FATAL,
  PAST_HELLO,
  RECONNECTING,
  RESUMING,
  STOPPED,
  STOPPING,
} from './laws/outcomes.js';

/** Something that is so in every configuration a shard can come to, whatever has happened. */
export interface Invariant {
  readonly says: string;
  readonly holds: (shard: Harness) => boolean;
}

const alive = (shard: Harness) => shard.sockets.filter((socket) => socket.alive);
const count = (shard: Harness, ...types: string[]) =>
  shard.sockets.map(({ commands }) => commands.filter(({ type }) => types.includes(type)).length);
const hasPermits = (shard: Harness): boolean => {
  const bucket = shard.actor.getSnapshot().children.bucket?.getSnapshot();
  return bucket?.status === 'active' && bucket.context.capacity > 0;
};

/** The gateway's word: op 9 false, and a close code that says so. The user's: a new session, 1000 and 1001. */
function mayEndSession(event: EventObject): boolean {
  const { code, resumable } = event as { readonly code?: number; readonly resumable?: boolean };
  switch (event.type) {
    case 'gateway.invalidSession':
      return resumable === false;
    case 'socket.closed':
      return [4003, 4004, 4007, 4009, 4010, 4011, 4012, 4013, 4014].includes(Number(code));
    case 'disconnect':
    case 'close':
    case 'shutdown':
    case 'abort':
      return code === 1000 || code === 1001;
    default:
      return event.type === 'identify' || event.type === 'reinstantiate';
  }
}

/** What must hold at any time. The harness says at once what no later look could tell: who spoke before HELLO. */
export const invariants: readonly Invariant[] = [
  {
    says: 'there is one socket while the shard is Online, and none otherwise',
    holds: (shard) => alive(shard).length === (isWithin(shard.path, 'Online') ? 1 : 0),
  },
  {
    says: 'the heart beats exactly while a connection is past HELLO and wanted',
    holds: (shard) => {
      const heartbeat = shard.actor.getSnapshot().children.heartbeat?.getSnapshot();
      return (heartbeat?.status === 'active') === isWithin(shard.path, PAST_HELLO);
    },
  },
  {
    says: 'the session store is asked exactly while its answer is awaited, and once a shard has been Online never again',
    holds: ({ path, storeAwaited, sockets, context: { asksStore } }) =>
      storeAwaited === (isWithin(path, AWAITING_SESSION) ? 1 : 0) && !(asksStore && sockets.length > 0),
  },
  {
    says: 'an identify slot is held exactly while one is waited for',
    holds: (shard) => shard.slotsHeld === (shard.path.endsWith('.awaitingSlot') ? 1 : 0),
  },
  {
    says: 'a connection sees one IDENTIFY or one RESUME, never both, never two',
    holds: (shard) => count(shard, 'socket.identify', 'socket.resume').every((logins) => logins <= 1),
  },
  {
    says: 'IDENTIFY is only sent at the first URL',
    holds: (shard) =>
      shard.sockets.every(
        ({ input, commands }) => input.resumeUrl === null || commands.every(({ type }) => type !== 'socket.identify'),
      ),
  },
  {
    says: "only the gateway's word or the user's ends a session",
    holds: ({ sessionEnds }) => sessionEnds.every(mayEndSession),
  },
  {
    says: 'there is a session while a shard resumes or is Connected, and none after a fatal close code',
    holds: ({ path, context: { session, lastDecision } }) => {
      if (isWithin(path, RESUMING) || isWithin(path, CONNECTED)) return session !== null;
      return path !== FATAL || lastDecision?.code === null || session === null;
    },
  },
  {
    says: 'a resume is only waited for with a session to resume',
    holds: ({ path, context: { session, lastDecision } }) =>
      path !== DISCONNECTED || lastDecision?.action !== 'resume' || session !== null,
  },
  {
    says: 'a session does not survive our own 1000 or 1001',
    holds: (shard) => {
      const last = shard.sockets.at(-1)?.commands.findLast(({ type }) => /close|abort/.test(type));
      const code = last !== undefined && 'code' in last ? last.code : null;
      return (
        !isWithin(shard.path, 'Online.closing') || code === null || !endsSession(code) || shard.context.session === null
      );
    },
  },
  {
    says: 'payloads leave only while Connected: the bucket has permits exactly then',
    holds: (shard) => hasPermits(shard) === isWithin(shard.path, CONNECTED),
  },
  {
    says: 'a shard that waits has decided to come back, and one that is down for good has decided not to',
    holds: ({ path, context: { lastDecision } }) => {
      if (path === DISCONNECTED) return lastDecision?.action === 'resume' || lastDecision?.action === 'identify';
      if (path === FATAL) return lastDecision?.action === 'fatal';
      return true;
    },
  },
  {
    says: 'no wait is longer than the longest back-off, the pace of identifies or what Retry-After asks for',
    holds: ({ context: { lastDecision } }) => (lastDecision?.delay ?? 0) <= 3_600_000,
  },
  {
    says: 'after shutdown nothing leads up: the shard is stopping, stopped, or was refused for good',
    holds: (shard) => !shard.wasShutDown || [STOPPING, STOPPED, FATAL].includes(shard.path),
  },
  {
    says: 'after a fatal end nothing leads up: the shard stays refused, or is stopped',
    holds: ({ path, wasRefused }) => !wasRefused || path === FATAL || path === STOPPED,
  },
  {
    says: 'what is being closed to come back has a reason',
    holds: ({ path, context: { lastDecision } }) => path !== RECONNECTING || (lastDecision?.reason ?? '') !== '',
  },
];

/** What does not hold now. */
export function broken(shard: Harness): string[] {
  return invariants.filter(({ holds }) => !holds(shard)).map(({ says }) => `broken in ${shard.path}: ${says}`);
}
