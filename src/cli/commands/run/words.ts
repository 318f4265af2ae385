import { showDuration, WallClock } from '../audit/time.js';
import { type FleetView, isSpent } from './fleetView.js';

const clock = new WallClock(false);

/** `14:03:22`, local time. */
const time = (at: number): string => clock.time(at).slice(0, 'hh:mm:ss'.length);
/** `14:03`, or `14:03 tomorrow`: enough for a time within the next day. */
function hour(at: number, now: number): string {
  const isToday = new Date(at).toDateString() === new Date(now).toDateString();
  return clock.time(at).slice(0, 'hh:mm'.length) + (isToday ? '' : ' tomorrow');
}

/** `1 240`. */
export function showCount(count: number): string {
  return String(Math.round(count)).replaceAll(/\B(?=(?:\d{3})+$)/g, ' ');
}

/** A rate, with one decimal below 10. */
export function showRate(rate: number): string {
  return rate === 0 || rate >= 9.95 ? showCount(rate) : rate.toFixed(1);
}

/** `3 s`, `1m 40s`. */
function showWait(ms: number): string {
  return ms < 59_000 ? `${Math.ceil(ms / 1_000)} s` : showDuration(ms);
}

const many = (count: number, one: string, more = `${one}s`): string =>
  `${showCount(count)} ${count === 1 ? one : more}`;

const known = (parts: readonly string[]): string[] => parts.filter((part) => part !== '');

/** The headline in parts: how many shards are up, what they wait for, latency and rate. */
export function headline(view: FleetView): string[] {
  const { state, isAsking, here, total, counts, latency, rate } = view;
  if (isAsking) return [state, 'asking the API for the gateway'];
  if (here === 0) return [state];
  return known([
    `${showCount(counts.Connected)}/${showCount(here)} up`,
    state,
    waiting(view),
    latency === null ? '' : `latency ${latency.toFixed(0)} ms`,
    counts.Connected === 0 && rate === 0 ? '' : `${showRate(rate)} events/s`,
    total > here ? `${showCount(total)} shards in all` : '',
  ]);
}

/** The headline and the identify budget on one line. */
export function summary(view: FleetView): string {
  return known([...headline(view), budget(view)]).join(' · ');
}

function waiting(view: FleetView): string {
  const { waiting, nextAt, resetAt } = view.identifies;
  if (waiting === 0 || nextAt === null) return '';
  if (isSpent(view) && resetAt !== null) return `${showCount(waiting)} wait for identifies`;
  const waitMs = nextAt - view.at;
  return waitMs <= 0 ? 'next identify now' : `next identify in ${showWait(waitMs)}`;
}

/** The rest of the day's identifies; empty where they are not counted. */
export function budget({ at, identifies: { total, remaining, resetAt, reserve } }: FleetView): string {
  if (total === null || remaining === null || resetAt === null) return '';
  const reserved = reserve === 0 ? '' : `, ${showCount(reserve)} reserved`;
  return `${showCount(remaining)} of ${showCount(total)} identifies left until ${hour(resetAt, at)}${reserved}`;
}

/** A time in local time, and in UTC for readers elsewhere. */
const until = (at: number): string => `${time(at)} (${new Date(at).toISOString()})`;

/** A view that deserves a line, named by its reason. */
export type Moment = 'preparing' | 'starting' | 'progress' | 'up' | 'exhausted' | 'renewed';

export function describeMoment(moment: Moment, view: FleetView): string {
  const { here, identifies } = view;
  switch (moment) {
    case 'preparing':
      return "Preparing: asking the API for the gateway and the day's identifies";
    case 'starting': {
      const { concurrency } = identifies;
      const atOnce = concurrency === null ? '' : `${showCount(Math.min(concurrency, here))} at a time`;
      return `Starting ${known([many(here, 'shard'), atOnce, budget(view)]).join(', ')}`;
    }
    case 'progress':
      return summary(view);
    case 'up':
      return describeStart(view);
    case 'exhausted': {
      const { waiting, remaining, total, resetAt } = identifies;
      const left = `${showCount(remaining ?? 0)} of ${showCount(total ?? 0)} left`;
      const who =
        waiting === 0
          ? 'any shard that needs one waits'
          : waiting === 1
            ? '1 shard waits'
            : `${showCount(waiting)} shards wait`;
      const reserved = identifies.reserve === 0 ? '' : ', reserved';
      return `The day's identifies are spent (${left}${reserved}): ${who} until ${until(resetAt ?? 0)}`;
    }
    case 'renewed':
      return `There are identifies again: ${budget(view)}`;
  }
}

function describeStart(view: FleetView): string {
  const { shards, here, at, startedAt } = view;
  const sum = (of: 'identifies' | 'resumes') => shards.reduce((all, shard) => all + shard[of], 0);
  const resumes = sum('resumes');
  const parts = known([
    resumes === 0 ? '' : `${showCount(resumes)} resumed`,
    `${many(sum('identifies'), 'identify', 'identifies')} spent`,
    budget(view),
  ]);
  const tookMs = at - startedAt;
  const took = tookMs < 9_950 ? `${(tookMs / 1_000).toFixed(1)} s` : showWait(tookMs);
  return `${many(here, 'shard')} up in ${took}: ${parts.join(', ')}`;
}
