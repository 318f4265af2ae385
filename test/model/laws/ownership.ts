import type { OwnershipContext, OwnershipEvent } from '../../../machines/index.js';
import type { Begins, Facts, Law, Outcome } from './lawbook.js';

type Context = OwnershipContext;
type Told<Type extends string> = Facts<Context, Extract<OwnershipEvent, { type: Type }>>;

const RAISING = 'Confirmed.raising';
const UP = 'Confirmed.up';
const CONNECTED = 'Unconfirmed.connected';
const ASLEEP = 'Unconfirmed.asleep';

/** A law with its event typed. */
function law<Type extends string>(
  says: string,
  where: {
    readonly in: readonly string[];
    readonly on: Type;
    readonly owes: (facts: Told<Type>) => Outcome<Context>;
    readonly timer?: Law<Context>['timer'];
  },
): Law<Context> {
  return { ...where, says } as Law<Context>;
}

/** The limit of a state. */
const limit = (of: string): Law<Context>['timer'] => ({ of, ms: ({ limitMs }) => limitMs });

const gone = () => ({ to: 'Gone', frames: ['shard.gone'] });
const releases = () => ({ to: 'Releasing', frames: ['events.hold', 'shard.release'] });

export const ownershipBegins: Begins<Context> = {
  in: RAISING,
  context: {},
  frames: ['shard.open', 'events.flow'],
};

/** What the ownership of a shard owes. */
export const ownershipLaws: readonly Law<Context>[] = [
  law('a shard that is Connected is up', { in: [RAISING], on: 'shard.up', owes: () => ({ to: UP }) }),
  law('a shard that lost its connection resumes by itself while the lease runs', {
    in: [UP],
    on: 'shard.left',
    owes: () => ({ to: RAISING }),
  }),
  law('missing events come by a RESUME from the last published one', {
    in: ['Confirmed'],
    on: 'shard.missed',
    owes: () => ({ to: RAISING, frames: ['shard.sleep', 'shard.open'] }),
  }),
  law('a shard that is Connected stays so while the lease is unsure, and what it hears is kept', {
    in: [UP],
    on: 'lease.cut',
    owes: () => ({ to: CONNECTED, frames: ['events.hold'] }),
  }),
  law('a shard on its way up would resume or identify: it sleeps while the lease is unsure', {
    in: [RAISING],
    on: 'lease.cut',
    owes: () => ({ to: ASLEEP, frames: ['shard.sleep', 'events.hold'] }),
  }),
  law('a shard that loses its connection while the lease is unsure does not resume', {
    in: [CONNECTED],
    on: 'shard.left',
    owes: () => ({ to: ASLEEP, frames: ['shard.sleep'] }),
  }),
  law('with the lease, what was kept is published', {
    in: [CONNECTED],
    on: 'lease.confirmed',
    owes: ({ event: { epoch } }) => ({ to: UP, frames: ['events.flow'], context: { epoch } }),
  }),
  law('with the lease, a shard that sleeps connects', {
    in: [ASLEEP],
    on: 'lease.confirmed',
    owes: ({ event: { epoch } }) => ({ to: RAISING, frames: ['shard.open', 'events.flow'], context: { epoch } }),
  }),
  law('the epoch is the one that Redis named last', {
    in: ['Confirmed', 'Releasing', 'Dropping'],
    on: 'lease.confirmed',
    owes: ({ event: { epoch } }) => ({ context: { epoch } }),
  }),
  law('what a shard heard before it went is published once the lease is sure', {
    in: ['Refused', 'Giving'],
    on: 'lease.confirmed',
    owes: ({ event: { epoch } }) => ({ frames: ['events.flow'], context: { epoch } }),
  }),
  law('what a shard heard before it went is not published without the lease', {
    in: ['Refused', 'Giving'],
    on: 'lease.cut',
    owes: () => ({ frames: ['events.hold'] }),
  }),
  law('a shard that the gateway refuses stays this worker’s', {
    in: ['Confirmed', CONNECTED],
    on: 'shard.refused',
    owes: () => ({ to: 'Refused' }),
  }),
  law('a shard that is given away closes first', {
    in: ['Confirmed', 'Unconfirmed', 'Refused'],
    on: 'shard.give',
    owes: () => ({ to: 'Giving', frames: ['shard.close'] }),
  }),
  law('a shard that has closed is released', { in: ['Giving'], on: 'shard.closed', owes: releases }),
  law('a shard that does not close is released at the limit', {
    in: ['Giving'],
    on: 'xstate.after.limit',
    timer: limit('Giving'),
    owes: releases,
  }),
  law('a released shard is gone', { in: ['Releasing'], on: 'shard.released', owes: gone }),
  law('a shard that Redis does not take back is gone at the limit: the lease ends by itself', {
    in: ['Releasing'],
    on: 'xstate.after.limit',
    timer: limit('Releasing'),
    owes: gone,
  }),
  law('a shard that is another’s already needs no release', { in: ['Releasing'], on: 'lease.lost', owes: gone }),
  law('a shard that is another’s is dropped, and publishes nothing', {
    in: ['Confirmed', 'Unconfirmed', 'Refused', 'Giving'],
    on: 'lease.lost',
    owes: () => ({ to: 'Dropping', frames: ['events.hold', 'shard.drop'] }),
  }),
  law('a dropped shard is gone when it has closed', { in: ['Dropping'], on: 'shard.closed', owes: gone }),
  law('a dropped shard that does not close is gone at the limit', {
    in: ['Dropping'],
    on: 'xstate.after.limit',
    timer: limit('Dropping'),
    owes: gone,
  }),
];
