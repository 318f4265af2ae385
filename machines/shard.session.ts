import { causes, type Cause } from '../src/protocol/decision.js';
import { shardSetup } from './shard.setup.js';
import { giveUp, startAnew } from './shard.ways.js';

const acknowledge = {
  type: 'tellHeartbeat',
  params: ({ event }: { event: { latencyMs: number } }) =>
    ({ type: 'heartbeat.acknowledged', latencyMs: event.latencyMs }) as const,
} as const;

const Identifying = shardSetup.createStateConfig({
  // The first URL has answered: only now is a session given up that could not be resumed.
  entry: 'forgetSession',
  initial: 'awaitingSlot',
  states: {
    awaitingSlot: {
      invoke: {
        id: 'slot',
        src: 'slot',
        input: ({ context }) => ({ shardId: context.shardId }),
        onError: { target: 'backingOff', actions: [{ type: 'decide', params: causes.slotFailed }, 'countAttempt'] },
      },
      on: {
        'slot.granted': 'awaitingReady',
        'slot.expired': {
          target: 'backingOff',
          actions: [{ type: 'decide', params: causes.slotExpired }, 'countAttempt'],
        },
        'slot.failed': {
          target: 'backingOff',
          actions: [
            {
              type: 'decide',
              params: ({ event }): Cause => ({
                ...causes.slotFailed,
                reason: `${causes.slotFailed.reason}: ${event.reason}`,
              }),
            },
            'countAttempt',
          ],
        },
      },
    },
    // The connection is sound and its heart beats: only the slot is asked for again.
    backingOff: { after: { decided: 'awaitingSlot' } },
    awaitingReady: {
      entry: ['identify', 'countIdentify'],
      on: {
        'gateway.ready': {
          target: '#shard.Online.link.session.Connected',
          actions: { type: 'rememberSession', params: ({ event }) => event },
        },
      },
      after: { ready: giveUp(causes.readyTimeout) },
    },
  },
});

const Resuming = shardSetup.createStateConfig({
  entry: ['clearReplayed', 'resume'],
  on: {
    identify: startAnew,
    'gateway.resumed': {
      target: 'Connected',
      actions: { type: 'rememberSequence', params: ({ event }) => event },
    },
  },
  after: { replay: giveUp(causes.replayTimeout) },
  initial: 'replaying',
  states: {
    // Entered anew by every replayed dispatch, which starts its limit anew.
    replaying: {
      on: {
        'gateway.replayed': {
          target: 'replaying',
          reenter: true,
          actions: ['countReplayed', { type: 'rememberSequence', params: ({ event }) => event }],
        },
      },
      after: { resumed: giveUp(causes.resumedTimeout) },
    },
  },
});

const Connected = shardSetup.createStateConfig({
  entry: ['clearResumeTries', 'openBucket'],
  on: {
    'bucket.granted': { actions: { type: 'sendTicket', params: ({ event }) => event } },
  },
  exit: 'closeBucket',
  initial: 'stabilizing',
  states: {
    // READY proves little: a gateway that accepts and drops at once must not burn identifies. An acknowledged beat does.
    stabilizing: { on: { 'gateway.acknowledged': { target: 'stable', actions: acknowledge } } },
    stable: { entry: 'clearAttempts' },
  },
});

/** From HELLO on the connection has a heartbeat, whatever becomes of the session. */
export const session = shardSetup.createStateConfig({
  entry: 'drawFirstBeat',
  invoke: {
    id: 'heartbeat',
    src: 'heartbeat',
    input: ({ context }) => ({ intervalMs: context.heartbeatIntervalMs, firstBeatMs: context.firstBeatMs }),
    onDone: giveUp(causes.zombie),
    onError: giveUp(causes.heartbeatFailed),
  },
  on: {
    'heartbeat.due': { actions: 'beat' },
    'heartbeat.suspected': { actions: 'settle' },
    'socket.settled': { actions: { type: 'tellHeartbeat', params: { type: 'heartbeat.settled' } } },
    'gateway.heartbeatRequested': { actions: { type: 'tellHeartbeat', params: { type: 'heartbeat.requested' } } },
    'gateway.acknowledged': { actions: acknowledge },
    'gateway.invalidSession': [
      {
        guard: { type: 'isResumable', params: ({ event }) => event },
        ...giveUp(causes.invalidSessionResumable),
      },
      {
        target: '#shard.Online.closing',
        actions: ['forgetSession', { type: 'decide', params: causes.invalidSession }],
      },
    ],
  },
  initial: 'Identifying',
  states: { Identifying, Resuming, Connected },
});
