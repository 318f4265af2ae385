import type { BucketContext, BucketEvent, Ticket } from '../../../machines/index.js';
import type { Begins, Facts, Law, Outcome } from './lawbook.js';

type Named<Type extends BucketEvent['type']> = Extract<BucketEvent, { type: Type }>;
type Told<Type extends BucketEvent['type']> = Facts<BucketContext, Named<Type>>;

const upTo = (count: number) => [...Array(count).keys()];

/** Priority first, then by age. */
const ordered = (tickets: readonly Ticket[]) =>
  tickets.toSorted((a, b) => Number(b.priority) - Number(a.priority) || a.id - b.id);

/** A ticket with a permit leaves, in order; a presence update without one of its own lets the others pass. */
function serves(context: BucketContext): Outcome<BucketContext> {
  const free = [...context.free];
  const freePresence = [...context.freePresence];
  const frames: string[] = [];
  const queue = context.queue.filter(({ id, presence }) => {
    if (free.length === 0 || (presence && freePresence.length === 0)) return true;
    free.shift();
    if (presence) freePresence.shift();
    frames.push(`bucket.granted ${id}`);
    return false;
  });
  return { to: 'open', frames, context: { ...context, queue, free, freePresence } };
}

const queued = ({ context, event }: Told<'bucket.queue'>) => ({
  ...context,
  queue: ordered([...context.queue, event.ticket]),
});

const left = ({ context, event }: Told<'bucket.cancel'>) => ({
  ...context,
  queue: context.queue.filter(({ id }) => id !== event.id),
});

export const bucketBegins: Begins<BucketContext> = {
  in: 'closed',
  context: { queue: [], free: [], freePresence: [], capacity: 0 },
};

/** What the send bucket owes. That no window is ever exceeded is a property of whole runs: test/machines/bucket.test.ts. */
export const bucketLaws: readonly Law<BucketContext>[] = [
  {
    says: 'a connection brings its permits, and who waited longest goes first',
    in: ['closed'],
    on: 'bucket.open',
    owes: ({ context, event: { capacity } }: Told<'bucket.open'>) => {
      const permits = Math.max(1, Math.floor(capacity));
      return serves({ ...context, capacity: permits, free: upTo(permits), freePresence: upTo(5) });
    },
  },
  {
    says: 'the permits go with the connection, the queue stays',
    in: ['open'],
    on: 'bucket.close',
    owes: () => ({ to: 'closed', context: { capacity: 0, free: [], freePresence: [] } }),
  },
  {
    says: 'a payload waits for a connection',
    in: ['closed'],
    on: 'bucket.queue',
    owes: (facts: Told<'bucket.queue'>) => ({ context: queued(facts) }),
  },
  {
    says: 'a payload leaves as soon as there is a permit',
    in: ['open'],
    on: 'bucket.queue',
    owes: (facts: Told<'bucket.queue'>) => serves(queued(facts)),
  },
  {
    says: 'a withdrawn payload is forgotten',
    in: ['closed'],
    on: 'bucket.cancel',
    owes: (facts: Told<'bucket.cancel'>) => ({ context: left(facts) }),
  },
  {
    says: 'a withdrawn payload lets the next one go',
    in: ['open'],
    on: 'bucket.cancel',
    owes: (facts: Told<'bucket.cancel'>) => serves(left(facts)),
  },
  {
    says: 'a permit that comes back sends the next',
    in: ['open'],
    on: 'permit.returned',
    owes: ({ context, event }: Told<'permit.returned'>) =>
      serves({ ...context, free: [...context.free, event.permit] }),
  },
  {
    says: 'a presence permit that comes back sends the next presence',
    in: ['open'],
    on: 'presencePermit.returned',
    owes: ({ context, event }: Told<'presencePermit.returned'>) =>
      serves({ ...context, freePresence: [...context.freePresence, event.permit] }),
  },
];
