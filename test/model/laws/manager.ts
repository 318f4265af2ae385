import type { ManagerContext, Prepared } from '../../../machines/index.js';
import type { Begins, Law } from './lawbook.js';
import { law, limit, type Told } from './managerLaw.js';
import {
  ABANDONING,
  AWAITING_AWAY,
  COMING_BACK,
  DRAINING,
  FAILED,
  FAILING,
  GOING_OFFLINE,
  IDLE,
  KEEPS_SESSION,
  PREPARING,
  PREPARING_RESHARD,
  RAISING,
  RESTARTING,
  RETIRING,
  RUNNING,
  SCALING,
  STARTING,
  STOPPED,
  STOPPING,
  callsOff,
  clears,
  goesOn,
  handsOver,
  retires,
} from './managerOutcomes.js';
import { managerReportLaws } from './managerReports.js';
import { namesIn } from './managerSheet.js';

const needed = (prepared: Prepared) =>
  prepared.ids.length - prepared.ids.filter((id) => prepared.resumable.includes(id)).length;

const affords = ({ event: { prepared } }: Told<'manager.prepared'>) =>
  prepared.identifiesLeft === null || needed(prepared) <= prepared.identifiesLeft;

/** A shard that is down has no session to give up. */
const affordsRestart = ({ context: { current, lost }, event }: Told<'restart'>) => {
  const { newSessions, identifiesLeft } = event;
  const down = lost.filter(({ returns }) => !returns);
  return !newSessions || identifiesLeft === null || identifiesLeft - (current?.ids.length ?? 0) + down.length >= 0;
};

const unprepared = (['manager.unprepared', 'xstate.error.actor.preparation'] as const).flatMap((type) => [
  law(`a failed preparation leads to Offline.failed (${type})`, {
    in: PREPARING,
    on: type,
    owes: ({ sheet }) => sheet.fail('unprepared').in(FAILED),
  }),
  law(`a failed preparation ends the reshard (${type})`, {
    in: PREPARING_RESHARD,
    on: type,
    owes: ({ sheet }) => sheet.fail('unprepared').in(RUNNING),
  }),
]);

const up: readonly Law<ManagerContext>[] = [
  law('connect prepares first', {
    in: [IDLE, FAILED],
    on: 'connect',
    owes: ({ sheet }) => {
      sheet.frames.push('prepare connect');
      return sheet.in(PREPARING);
    },
  }),
  law('the prepared facts make the first set', {
    in: PREPARING,
    on: 'manager.prepared',
    owes: ({ sheet, event: { prepared } }) => {
      sheet.current = sheet.create(prepared);
      return goesOn(STARTING, sheet);
    },
  }),
  law('connect starts the shards that are down, in the order of ids', {
    in: RUNNING,
    on: 'connect',
    owes: ({ sheet }) => {
      const down = namesIn(sheet.current).filter((name) => sheet.placeOf(name) === 'down');
      return goesOn(SCALING, sheet.begin().move(down, 'waiting'));
    },
  }),
  law('connect in Closing is remembered', {
    in: GOING_OFFLINE,
    on: 'connect',
    owes: ({ sheet }) => sheet.in(COMING_BACK),
  }),
  ...unprepared,
];

const operations: readonly Law<ManagerContext>[] = [
  law('scale closes the shards that are not named, and connects those that are new', {
    in: RUNNING,
    on: 'scale',
    owes: ({ sheet, event: { ids, code, reason } }) => {
      const { current } = sheet;
      if (current === null) throw new Error('a manager runs without a set');
      const before = new Set(namesIn(current));
      sheet.current = { ...current, ids };
      const now = namesIn(sheet.current);
      sheet.begin().close(
        [...before].filter((name) => !now.includes(name)),
        code,
        reason,
      );
      return goesOn(
        SCALING,
        sheet.move(
          now.filter((name) => !before.has(name)),
          'waiting',
        ),
      );
    },
  }),
  law('a restart with new sessions is refused when too few identifies are left', {
    in: RUNNING,
    on: 'restart',
    if: (facts) => !affordsRestart(facts),
    owes: ({ sheet }) => sheet.begin().fail('overBudget').in(RUNNING),
  }),
  law('restart is for all shards that are not down', {
    in: RUNNING,
    on: 'restart',
    if: affordsRestart,
    owes: ({ sheet, event: { rolling, newSessions } }) => {
      sheet.restart = { rolling, newSessions };
      sheet.due = namesIn(sheet.current).filter((name) => sheet.placeOf(name) !== 'down');
      return goesOn(RESTARTING, sheet.begin());
    },
  }),
  law('reshard prepares first', {
    in: RUNNING,
    on: 'reshard',
    owes: ({ sheet, event: { total, ids } }) => {
      sheet.begin().frames.push(`prepare reshard ${ids?.join(' ') ?? 'all'} of ${total}`);
      return sheet.in(PREPARING_RESHARD);
    },
  }),
  law('a reshard with enough identifies left starts the next set', {
    in: PREPARING_RESHARD,
    on: 'manager.prepared',
    if: affords,
    owes: ({ sheet, event: { prepared } }) => {
      sheet.next = sheet.create(prepared);
      return goesOn(RAISING, sheet);
    },
  }),
  law('a reshard is refused when too few identifies are left', {
    in: PREPARING_RESHARD,
    on: 'manager.prepared',
    if: (facts) => !affords(facts),
    owes: ({ sheet }) => sheet.fail('overBudget').in(RUNNING),
  }),
  law('a reshard in preparing is called off at once', {
    in: PREPARING_RESHARD,
    on: 'reshard.abort',
    owes: ({ sheet }) => sheet.fail('aborted').in(RUNNING),
  }),
  law('a reshard is called off until the hand-over', {
    in: [RAISING, AWAITING_AWAY],
    on: 'reshard.abort',
    owes: ({ sheet }) => callsOff(sheet),
  }),
  law('a hand-over waits for shards that are away for handOverMs at most', {
    in: AWAITING_AWAY,
    on: 'xstate.after.handOver',
    timer: limit(AWAITING_AWAY, 'handOverMs'),
    owes: ({ sheet }) => handsOver(sheet),
  }),
  law('the previous set drains for drainMs, and goes', {
    in: DRAINING,
    on: 'xstate.after.drain',
    timer: limit(DRAINING, 'drainMs'),
    owes: ({ sheet }) => retires(sheet),
  }),
];

const down: readonly Law<ManagerContext>[] = [
  ...(['close', 'abort', 'shutdown'] as const).map((type) =>
    law(`${type} in Preparing finds nothing to close`, {
      in: PREPARING,
      on: type,
      owes: ({ sheet }) => sheet.report('manager.offline').in(type === 'shutdown' ? STOPPED : IDLE),
    }),
  ),
  law('shutdown of an idle manager is for good', {
    in: [IDLE, FAILED],
    on: 'shutdown',
    owes: ({ sheet }) => sheet.in(STOPPED),
  }),
  ...(['close', 'shutdown'] as const).map((type) =>
    law(`${type} closes every shard`, {
      in: 'Online',
      on: type,
      owes: ({ sheet, event: { code, reason } }) =>
        goesOn(type === 'close' ? GOING_OFFLINE : STOPPING, sheet.close(clears(sheet), code, reason)),
    }),
  ),
  law('abort aborts every shard, those that are leaving first', {
    in: 'Online',
    on: 'abort',
    owes: ({ sheet, event: { code, reason } }) =>
      goesOn(GOING_OFFLINE, sheet.abort([...sheet.namesAt('closing'), ...clears(sheet)], code, reason)),
  }),
  law('abort in Closing aborts the shards that are still leaving', {
    in: 'Closing',
    on: 'abort',
    owes: ({ path, sheet, event: { code, reason } }) =>
      // An abort takes back the connect that waits.
      goesOn(path === COMING_BACK ? GOING_OFFLINE : path, sheet.abort(sheet.namesAt('closing'), code, reason)),
  }),
  law('close in Closing takes back a connect, and the failure of a start', {
    in: [COMING_BACK, FAILING],
    on: 'close',
    owes: ({ sheet }) => sheet.in(GOING_OFFLINE),
  }),
  law('shutdown in Closing is for good', {
    in: 'Closing',
    on: 'shutdown',
    owes: ({ sheet }) => sheet.in(STOPPING),
  }),
  ...['Closing', SCALING, RETIRING, ABANDONING].map((state) =>
    law(`going down has a limit in ${state}`, {
      in: state,
      on: 'xstate.after.close',
      timer: limit(state, 'closeMs'),
      owes: ({ path, sheet }) => {
        const late = sheet.namesAt('closing');
        return goesOn(path, sheet.abort(late, KEEPS_SESSION, 'took too long to go down').move(late, 'up'));
      },
    }),
  ),
  law('a failed fleet stops the manager', {
    in: '',
    on: 'xstate.error.actor.fleet',
    owes: ({ sheet }) => sheet.end().in(STOPPED),
  }),
];

export const managerBegins: Begins<ManagerContext> = {
  in: IDLE,
  context: {
    maxConcurrency: null,
    lastSet: 0,
    current: null,
    next: null,
    previous: null,
    starting: [],
    lost: [],
    leaving: [],
    failed: [],
    restart: null,
  },
};

/** Laws of the chart of a manager. */
export const managerLaws: readonly Law<ManagerContext>[] = [...up, ...operations, ...down, ...managerReportLaws];
