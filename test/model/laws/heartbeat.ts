import type { HeartbeatContext } from '../../../machines/index.js';
import type { Begins, Facts, Law } from './lawbook.js';

const AWAITING_ACK = 'beating.awaitingAck';
const ACKNOWLEDGED = 'beating.acknowledged';

type Acknowledged = Facts<HeartbeatContext, { readonly latencyMs: number }>;

const beats = ({ beats }: HeartbeatContext) => ({
  to: AWAITING_ACK,
  frames: ['heartbeat.due'],
  context: { beats: beats + 1 },
});

const acknowledged = ({ context, event }: Acknowledged) => ({
  acknowledged: context.acknowledged + 1,
  latencyMs: event.latencyMs,
});

export const heartbeatBegins: Begins<HeartbeatContext> = {
  in: 'jittering',
  context: { beats: 0, acknowledged: 0, latencyMs: null },
};

/**
 * What the heartbeat of a connection owes.
 *
 * See [Discord Docs/Sending Heartbeats](https://docs.discord.com/developers/events/gateway#sending-heartbeats).
 */
export const heartbeatLaws: readonly Law<HeartbeatContext>[] = [
  {
    says: 'the first beat comes after the random part of the interval',
    in: ['jittering'],
    on: 'xstate.after.firstBeat',
    timer: { of: 'jittering', ms: ({ firstBeatMs }) => firstBeatMs },
    owes: ({ context }) => beats(context),
  },
  {
    says: 'an acknowledged beat is followed by the next, an interval later',
    in: [ACKNOWLEDGED],
    on: 'xstate.after.interval',
    timer: { of: 'beating', ms: ({ intervalMs }) => intervalMs },
    restarts: 'beating',
    owes: ({ context }) => beats(context),
  },
  {
    says: 'no ack between two beats is suspicious',
    in: [AWAITING_ACK],
    on: 'xstate.after.interval',
    timer: { of: 'beating', ms: ({ intervalMs }) => intervalMs },
    owes: () => ({ to: 'suspecting', frames: ['heartbeat.suspected'] }),
  },
  {
    says: 'an ack ends the wait for it',
    in: [AWAITING_ACK],
    on: 'heartbeat.acknowledged',
    owes: (facts: Acknowledged) => ({ to: ACKNOWLEDGED, context: acknowledged(facts) }),
  },
  {
    says: 'an ack out of turn is counted',
    in: ['jittering', ACKNOWLEDGED],
    on: 'heartbeat.acknowledged',
    owes: (facts: Acknowledged) => ({ context: acknowledged(facts) }),
  },
  {
    says: 'an ack that waited in the socket clears the suspicion, and the beat that is due leaves',
    in: ['suspecting'],
    on: 'heartbeat.acknowledged',
    owes: (facts: Acknowledged) => {
      const { to, frames, context } = beats(facts.context);
      return { to, frames, context: { ...context, ...acknowledged(facts) } };
    },
  },
  {
    says: 'all has been read and there was no ack: a zombie',
    in: ['suspecting'],
    on: 'heartbeat.settled',
    owes: () => ({ to: 'zombie' }),
  },
  {
    says: 'a peer that floods is no excuse: a zombie',
    in: ['suspecting'],
    on: 'xstate.after.settleLimit',
    timer: { of: 'suspecting', ms: () => 5_000 },
    owes: () => ({ to: 'zombie' }),
  },
  {
    says: 'the gateway may ask for a beat at any time; the rhythm stays',
    in: ['jittering', 'beating', 'suspecting'],
    on: 'heartbeat.requested',
    owes: ({ context }) => ({ frames: ['heartbeat.due'], context: { beats: context.beats + 1 } }),
  },
];
