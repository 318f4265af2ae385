import type { GatewaySimulator } from '../../../simulator/index.js';
import type { Expectation } from './checks.js';

/** A fault that a shard meets. */
export interface Chapter {
  readonly title: string;
  /** Announces the fault, and what a good client does about it. */
  readonly plot: string;
  readonly shardId: number;
  /** Causes the fault. */
  cause(simulator: GatewaySimulator, shardId: number): void;
  /** Messages sent to the shard right after the fault, for it to miss. */
  readonly missed: number;
  readonly expected: Expectation;
}

const resumes = {
  path: ['Disconnected', 'Connecting', 'Resuming', 'Connected'],
  action: 'resume',
  delay: [0, 0],
  session: 'same',
  identifies: 0,
} as const;

/** The faults of the demo, in order. Each of them happens to real bots. */
export const chapters: readonly Chapter[] = [
  {
    title: 'The network drops shard 0',
    plot: 'A TCP reset without a close frame. The session is intact: resume at once, and the missed messages are replayed.',
    shardId: 0,
    cause: (simulator, shardId) => simulator.reset(shardId),
    missed: 5,
    expected: { ...resumes, wire: { by: 'gateway', code: null }, replayed: 5 },
  },
  {
    title: 'Shard 0 becomes a zombie',
    plot:
      'The connection stays open, but the gateway falls silent. A heartbeat goes unanswered: close with a code that ' +
      'keeps the session, and resume.',
    shardId: 0,
    cause: (simulator, shardId) => simulator.silence(shardId),
    missed: 5,
    expected: { ...resumes, wire: { by: 'client', code: 4900 }, replayed: 5 },
  },
  {
    title: 'The gateway invalidates the session of shard 0',
    plot: 'Op 9, false: there is nothing to resume. Wait a random 1 to 5 s, then identify for a new session.',
    shardId: 0,
    cause: (simulator, shardId) => simulator.invalidateSession(false, shardId),
    missed: 0,
    expected: {
      path: ['Disconnected', 'Connecting', 'Identifying', 'Connected'],
      action: 'identify',
      delay: [1_000, 5_000],
      wire: { by: 'client', code: 4900 },
      session: 'new',
      identifies: 1,
    },
  },
  {
    title: 'The gateway asks shard 1 to reconnect',
    plot: 'Op 7, as Discord does when it deploys. Close with a code that keeps the session, and resume at once.',
    shardId: 1,
    cause: (simulator, shardId) => simulator.requestReconnect(shardId),
    missed: 5,
    expected: { ...resumes, wire: { by: 'client', code: 4900 }, replayed: 5 },
  },
  {
    title: 'The stream of shard 1 turns to garbage',
    plot: 'It sends bytes that cannot be inflated, so nothing after them can be trusted. Drop the connection and resume.',
    shardId: 1,
    cause: (simulator, shardId) => simulator.sendCorrupt(shardId),
    missed: 5,
    expected: { ...resumes, wire: { by: 'client', code: 4900 }, replayed: 5 },
  },
  {
    title: 'The gateway refuses shard 1 for good',
    plot:
      'Close code 4014. Trying again cannot help and would only burn identifies: go Offline, say why and what to do. ' +
      'Shard 0 stays up.',
    shardId: 1,
    cause: (simulator, shardId) => simulator.closeWith(4014, undefined, shardId),
    missed: 0,
    expected: {
      path: ['Offline'],
      action: 'fatal',
      delay: [0, 0],
      wire: { by: 'gateway', code: 4014 },
      session: 'gone',
      identifies: 0,
    },
  },
];
