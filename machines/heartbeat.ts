import { assign, sendParent, setup, stateIn } from 'xstate';
import { carried } from './carried.js';

/** Input of the heartbeat chart: the gateway's interval, and the random part of it that comes before the first beat. */
export interface HeartbeatInput {
  readonly intervalMs: number;
  readonly firstBeatMs: number;
}

export interface HeartbeatContext extends HeartbeatInput {
  /** Beats sent in this rhythm, those the gateway asked for included. */
  readonly beats: number;
  readonly acknowledged: number;
  readonly latencyMs: number | null;
}

export type HeartbeatEvent =
  | { type: 'heartbeat.acknowledged'; latencyMs: number }
  | { type: 'heartbeat.requested' }
  | { type: 'heartbeat.settled' };

/** Reports of the heartbeat chart to the shard. */
export type HeartbeatReport = { type: 'heartbeat.due' } | { type: 'heartbeat.suspected' };

/** Longest wait for the socket to have read what already waits in it; a peer that floods and never acknowledges is a zombie too. */
const SETTLE_LIMIT_MS = 5_000;

/** Takes the latency that the acknowledgement carries. */
const countAck = { type: 'countAck', params: carried } as const;

/**
 * The heartbeat loop of one connection: lives from HELLO until the connection is given up, and ends as a zombie.
 *
 * See [Discord Docs/Sending Heartbeats](https://docs.discord.com/developers/events/gateway#sending-heartbeats).
 */
export const heartbeatMachine = setup({
  types: {
    context: {} as HeartbeatContext,
    events: {} as HeartbeatEvent,
    input: {} as HeartbeatInput,
  },
  guards: { isAcknowledged: stateIn({ beating: 'acknowledged' }) },
  actions: {
    beat: sendParent({ type: 'heartbeat.due' } satisfies HeartbeatReport),
    askToSettle: sendParent({ type: 'heartbeat.suspected' } satisfies HeartbeatReport),
    countBeat: assign({ beats: ({ context }) => context.beats + 1 }),
    countAck: assign({
      acknowledged: ({ context }) => context.acknowledged + 1,
      latencyMs: (_, params: { latencyMs: number }) => params.latencyMs,
    }),
  },
  delays: {
    firstBeat: ({ context }) => context.firstBeatMs,
    interval: ({ context }) => context.intervalMs,
    settleLimit: SETTLE_LIMIT_MS,
  },
}).createMachine({
  id: 'heartbeat',
  options: { maxIterations: 100 },
  context: ({ input }) => ({ ...input, beats: 0, acknowledged: 0, latencyMs: null }),
  initial: 'jittering',
  on: {
    // The gateway may ask for a beat at any time; the rhythm stays.
    'heartbeat.requested': { actions: ['beat', 'countBeat'] },
    'heartbeat.acknowledged': { actions: countAck },
  },
  states: {
    jittering: {
      after: { firstBeat: 'beating' },
    },
    beating: {
      entry: ['beat', 'countBeat'],
      after: {
        interval: [{ guard: 'isAcknowledged', target: 'beating', reenter: true }, { target: 'suspecting' }],
      },
      initial: 'awaitingAck',
      states: {
        awaitingAck: {
          on: {
            'heartbeat.acknowledged': {
              target: 'acknowledged',
              actions: countAck,
            },
          },
        },
        acknowledged: {},
      },
    },
    // An event loop that was blocked is not a zombie: the ack may wait in the socket, behind other frames.
    suspecting: {
      entry: 'askToSettle',
      on: {
        'heartbeat.acknowledged': { target: 'beating', actions: countAck },
        'heartbeat.settled': 'zombie',
      },
      after: { settleLimit: 'zombie' },
    },
    zombie: { type: 'final' },
  },
});
