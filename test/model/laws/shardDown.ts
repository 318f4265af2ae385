import type { ShardContext } from '../../../machines/index.js';
import { law, each, type Named, type Told, timer, dropped, NEW_SESSION, CONNECT, RECONNECT } from './law.js';
import { type Law } from './lawbook.js';
import {
  ABORTING,
  advanced,
  AWAITING_SESSION,
  CLOSING,
  decides,
  DISCONNECTED,
  dropsAndReturns,
  FATAL,
  GOING_OFFLINE,
  IDLE,
  lost,
  opens,
  PAST_HELLO,
  RECONNECTING,
  spreads,
  standsDown,
  STOPPED,
  STOPPING,
  survivor,
  WANTED,
  type Why,
} from './outcomes.js';

const FATAL_CODES = new Set([4004, 4010, 4011, 4012, 4013, 4014]);
const SESSION_LOST_CODES = new Set([4003, 4007, 4009]);
const NAMES: Readonly<Record<number, string>> = {
  1000: 'normal closure',
  1001: 'going away',
  1006: 'connection lost',
  4000: 'unknown error',
  4001: 'unknown opcode',
  4002: 'decode error',
  4003: 'not authenticated',
  4004: 'authentication failed',
  4005: 'already authenticated',
  4007: 'invalid seq',
  4008: 'rate limited',
  4009: 'session timed out',
  4010: 'invalid shard',
  4011: 'sharding required',
  4012: 'invalid API version',
  4013: 'invalid intents',
  4014: 'disallowed intents',
};

function closed({ code, reason, retryAfterMs, opened }: Named<'socket.closed'>): Why {
  const name = NAMES[code] ?? 'unknown code';
  const action = FATAL_CODES.has(code) ? 'fatal' : SESSION_LOST_CODES.has(code) ? 'identify' : 'resume';
  return {
    action,
    code,
    reason: `${opened === false ? 'no connection' : `${code} ${name}`}${reason === '' || reason === name ? '' : `: ${reason}`}`,
    backsOff: code === 4008,
    minMs: Math.min(retryAfterMs ?? 0, 3_600_000),
  };
}

type Decided = ReturnType<typeof decides>;

/** Many connections that end together do not come back together. */
const thenSpread = (decided: Decided, { endedTogether }: Named<'socket.closed'>) => ({
  ...decided,
  ...spreads(decided.lastDecision, endedTogether),
});

const isFatal = ({ event }: Told<'socket.closed'>) => FATAL_CODES.has(event.code);
const losesSession = ({ event }: Told<'socket.closed'>) => SESSION_LOST_CODES.has(event.code);
const isOurs = ({ event, context }: Told<'socket.closed'>) => event.code === context.lastDecision?.code;

const dropping: readonly Law<ShardContext>[] = [
  law('op 9 true keeps the session', {
    in: PAST_HELLO,
    on: 'gateway.invalidSession',
    if: ({ event }) => event.resumable,
    owes: ({ context }) => dropsAndReturns(context, dropped('session invalidated, resumable (op 9 true)')),
  }),
  law('op 9 false ends the session, and the next comes 1 to 5 s later', {
    in: PAST_HELLO,
    on: 'gateway.invalidSession',
    if: ({ event }) => !event.resumable,
    owes: ({ context }) => {
      const why = { action: 'identify', code: 4900, reason: 'session invalidated (op 9 false)', minMs: 1_000 } as const;
      return dropsAndReturns(context, why, null);
    },
  }),
  law('op 7 is answered with a close that keeps the session', {
    in: WANTED,
    on: 'gateway.reconnect',
    owes: ({ context }) => dropsAndReturns(context, dropped('gateway asked to reconnect (op 7)')),
  }),
  law('a corrupted stream is dropped and resumed', {
    in: WANTED,
    on: 'socket.corrupted',
    owes: ({ context, event }) => dropsAndReturns(context, dropped(`compressed stream corrupted: ${event.reason}`)),
  }),
  law('reconnect drops the connection and resumes', {
    in: WANTED,
    on: 'reconnect',
    owes: ({ context }) => dropsAndReturns(context, RECONNECT),
  }),
  law('reinstantiate drops the session too', {
    in: WANTED,
    on: 'reinstantiate',
    owes: ({ context }) => dropsAndReturns(context, NEW_SESSION, null),
  }),
  law('disconnect is as a lost connection; 1000 and 1001 lose the session', {
    in: WANTED,
    on: 'disconnect',
    owes: ({ context, event: { code, reason } }) =>
      dropsAndReturns(context, { action: 'resume', code, reason }, survivor(context.session, code)),
  }),
];

const ending: readonly Law<ShardContext>[] = [
  law('a fatal close code ends the shard', {
    in: WANTED,
    on: 'socket.closed',
    if: isFatal,
    owes: ({ context, event }) => ({
      to: FATAL,
      frames: ['drop'],
      context: { session: null, ...decides(context, closed(event)) },
    }),
  }),
  law('4003, 4007 and 4009 end the session', {
    in: WANTED,
    on: 'socket.closed',
    if: losesSession,
    owes: ({ context, event }) => {
      const session = null;
      return lost(context, { session, ...thenSpread(decides({ ...context, session }, closed(event)), event) });
    },
  }),
  law('any other close keeps the session', {
    in: WANTED,
    on: 'socket.closed',
    if: (facts) => !isFatal(facts) && !losesSession(facts),
    owes: ({ context, event }) => {
      const session = advanced(context.session, event.sequence);
      return lost(context, { session, ...thenSpread(decides({ ...context, session }, closed(event)), event) });
    },
  }),
  law('a socket that fails is a lost connection', {
    in: [WANTED, RECONNECTING],
    on: 'xstate.error.actor.socket',
    owes: ({ context }) =>
      lost(context, decides(context, { action: 'resume', code: 1006, reason: 'socket actor failed' }), []),
  }),
  law('a bucket that fails ends the shard', {
    in: ['Online', AWAITING_SESSION, DISCONNECTED, 'Offline'],
    on: 'xstate.error.actor.bucket',
    owes: ({ path, context }) => ({
      to: FATAL,
      frames: path.startsWith('Online') ? ['drop'] : [],
      context: decides(context, {
        action: 'fatal',
        code: null,
        reason: 'send bucket failed: a bug in shardchart, please report it',
      }),
    }),
  }),
];

const standingDown: readonly Law<ShardContext>[] = [
  ...each(['close', 'abort'] as const, (type) =>
    law(`${type} of what is down is noted`, {
      in: IDLE,
      on: type,
      owes: ({ context, event }) => ({ context: standsDown(context, event) }),
    }),
  ),
  law('shutdown of what is down is for good', {
    in: IDLE,
    on: 'shutdown',
    owes: ({ context, event }) => ({ to: STOPPED, context: standsDown(context, event) }),
  }),
  law('shutdown after a fatal end is for good', { in: FATAL, on: 'shutdown', owes: () => ({ to: STOPPED }) }),
  ...each(['close', 'shutdown'] as const, (type) =>
    law(`${type} closes the connection with its code`, {
      in: [WANTED, RECONNECTING],
      on: type,
      owes: ({ context, event }) => ({
        to: type === 'close' ? GOING_OFFLINE : STOPPING,
        frames: [`close ${event.code}`],
        context: standsDown(context, event),
      }),
    }),
  ),
  law('abort drops the connection before it returns', {
    in: [WANTED, RECONNECTING, GOING_OFFLINE],
    on: 'abort',
    owes: ({ context, event }) => ({
      to: ABORTING,
      frames: [`abort ${event.code}`],
      context: standsDown(context, event),
    }),
  }),
  ...each(['close', 'shutdown', 'abort'] as const, (type) =>
    law(`${type} ends the wait for the store or the next connection`, {
      in: [AWAITING_SESSION, DISCONNECTED],
      on: type,
      owes: ({ context, event }) => ({
        to: type === 'shutdown' ? STOPPED : IDLE,
        context: standsDown(context, event),
      }),
    }),
  ),
];

const closing: readonly Law<ShardContext>[] = [
  law('the last sequence of a connection counts', {
    in: CLOSING,
    on: 'socket.closing',
    owes: ({ context, event }) => ({ context: { session: advanced(context.session, event.sequence) } }),
  }),
  law('a gateway that answers our close with a fatal code of its own means it', {
    in: RECONNECTING,
    on: 'socket.closed',
    if: (facts) => isFatal(facts) && !isOurs(facts),
    owes: ({ context, event }) => ({
      to: FATAL,
      frames: ['drop'],
      context: { session: null, ...decides(context, closed(event)) },
    }),
  }),
  law('a gateway that answers our close with a lost session means it', {
    in: RECONNECTING,
    on: 'socket.closed',
    if: (facts) => losesSession(facts) && !isOurs(facts),
    owes: ({ context, event }) => {
      const session = null;
      return lost(context, { session, ...thenSpread(decides({ ...context, session }, closed(event)), event) });
    },
  }),
  law('once our close is answered, what was decided follows', {
    in: RECONNECTING,
    on: 'socket.closed',
    if: (facts) => isOurs(facts) || (!isFatal(facts) && !losesSession(facts)),
    owes: ({ context, event }) => lost(context, spreads(context.lastDecision, event.endedTogether)),
  }),
  law('a peer that does not answer our close is not waited for', {
    in: RECONNECTING,
    on: 'xstate.after.close',
    timer: timer(RECONNECTING, ({ timeouts }) => timeouts.closeMs),
    owes: ({ context }) => lost(context),
  }),
  ...each(['connect', 'reconnect'] as const, (type) =>
    law(`${type} turns a way down into a way up`, {
      in: RECONNECTING,
      on: type,
      if: ({ context }) => context.lastDecision?.action === 'close',
      owes: ({ context }) => ({ context: decides(context, type === 'connect' ? CONNECT : RECONNECT) }),
    }),
  ),
  ...each(['identify', 'reinstantiate'] as const, (type) =>
    law(`${type} while the connection closes gives up the session`, {
      in: RECONNECTING,
      on: type,
      owes: ({ context }) => ({ context: { session: null, ...decides({ ...context, session: null }, NEW_SESSION) } }),
    }),
  ),
  law('connect while going offline turns round', {
    in: GOING_OFFLINE,
    on: 'connect',
    owes: ({ context }) => dropsAndReturns(context, CONNECT),
  }),
  law('identify while going offline turns round, for a new session', {
    in: GOING_OFFLINE,
    on: 'identify',
    owes: ({ context }) => dropsAndReturns(context, NEW_SESSION, null),
  }),
  law('a second close may still end the session', {
    in: GOING_OFFLINE,
    on: 'close',
    owes: ({ context, event }) => ({ context: standsDown(context, event) }),
  }),
  law('shutdown while going offline is for good', {
    in: GOING_OFFLINE,
    on: 'shutdown',
    owes: ({ context, event }) => ({
      to: STOPPING,
      frames: [`close ${event.code}`],
      context: standsDown(context, event),
    }),
  }),
  law('shutdown during an abort is for good', {
    in: ABORTING,
    on: 'shutdown',
    owes: ({ context }) => ({ to: STOPPING, frames: [`close ${context.lastDecision?.code}`] }),
  }),
  law('abort does not wait for the answer to our close', {
    in: [STOPPING, ABORTING],
    on: 'abort',
    owes: ({ context, event }) => ({ frames: [`abort ${event.code}`], context: standsDown(context, event) }),
  }),
  ...[GOING_OFFLINE, ABORTING, STOPPING].flatMap((state) => {
    const to = state === STOPPING ? STOPPED : IDLE;
    return [
      law('once our close is answered, the shard is down', {
        in: state,
        on: 'socket.closed',
        owes: () => ({ to, frames: ['drop'] }),
      }),
      law('a peer that does not answer cannot keep the shard up', {
        in: state,
        on: 'xstate.after.close',
        timer: timer(state, ({ timeouts }) => timeouts.closeMs),
        owes: () => ({ to, frames: ['drop'] }),
      }),
      law('a socket that fails on the way down is down', {
        in: state,
        on: 'xstate.error.actor.socket',
        owes: () => ({ to }),
      }),
    ];
  }),
];

const waiting: readonly Law<ShardContext>[] = [
  law('the next connection opens after the wait that was decided', {
    in: DISCONNECTED,
    on: 'xstate.after.decided',
    timer: timer(DISCONNECTED, ({ lastDecision }) => lastDecision?.delay ?? Number.NaN),
    owes: ({ context }) => opens(context),
  }),
  ...each(['identify', 'reinstantiate'] as const, (type) =>
    law(`${type} while waiting gives up the session and keeps the wait`, {
      in: DISCONNECTED,
      on: type,
      owes: ({ context }) => ({
        context: {
          session: null,
          lastDecision: context.lastDecision && {
            ...context.lastDecision,
            action: 'identify',
            reason: 'new session requested',
          },
        },
      }),
    }),
  ),
];

/** What a shard owes when a connection ends or is to end. */
export const shardDownLaws: readonly Law<ShardContext>[] = [
  ...dropping,
  ...ending,
  ...standingDown,
  ...closing,
  ...waiting,
];
