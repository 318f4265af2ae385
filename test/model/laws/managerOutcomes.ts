import type { ManagerContext } from '../../../machines/index.js';
import type { Outcome } from './lawbook.js';
import { namesIn, type Sheet } from './managerSheet.js';

type Manager = Outcome<ManagerContext>;

/** States by short names. */
export const IDLE = 'Offline.idle';
export const FAILED = 'Offline.failed';
export const STOPPED = 'Offline.stopped';
export const PREPARING = 'Preparing';
export const STARTING = 'Online.Starting';
export const RUNNING = 'Online.Running';
export const SCALING = 'Online.Scaling';
export const RESTARTING = 'Online.Restarting';
export const PREPARING_RESHARD = 'Online.Resharding.preparing';
export const RAISING = 'Online.Resharding.raising';
export const AWAITING_AWAY = 'Online.Resharding.awaitingAway';
export const DRAINING = 'Online.Resharding.draining';
export const RETIRING = 'Online.Resharding.retiring';
export const ABANDONING = 'Online.Resharding.abandoning';
export const GOING_OFFLINE = 'Closing.goingOffline';
export const COMING_BACK = 'Closing.comingBack';
export const FAILING = 'Closing.failing';
export const STOPPING = 'Closing.stopping';

/** A resumable close code: 1000 and 1001 would end the sessions. */
export const KEEPS_SESSION = 4900;

/** The state that a state leads to with the facts as they are, and the frames on the way. */
export function goesOn(path: string, sheet: Sheet): Manager {
  const isStarted = () => sheet.isNone('waiting', 'opening', 'rising');
  const isGone = sheet.isNone('closing');
  switch (path) {
    case STARTING:
      if (sheet.failed.length > 0) {
        return goesOn(FAILING, sheet.close(clears(sheet), KEEPS_SESSION, 'a shard could not start'));
      }
      return sheet.connect() && isStarted() ? sheet.report('operation.done').in(RUNNING) : sheet.in(STARTING);

    case SCALING:
      sheet.connect();
      if (!isStarted() || !isGone) return sheet.in(SCALING);
      return (sheet.failed.length > 0 ? sheet.fail('shardDown') : sheet.report('operation.done')).in(RUNNING);

    case RESTARTING:
      if (sheet.failed.length > 0) {
        return sheet.endRestart().move(sheet.namesAt('rising'), 'away').fail('shardDown').in(RUNNING);
      }
      sheet.restartDue();
      return sheet.isNone('rising') ? sheet.endRestart().report('operation.done').in(RUNNING) : sheet.in(RESTARTING);

    case RAISING:
      if (sheet.failed.length > 0) return callsOff(sheet);
      return sheet.connect() && isStarted() ? goesOn(AWAITING_AWAY, sheet) : sheet.in(RAISING);

    case AWAITING_AWAY:
      if (sheet.failed.length > 0) return callsOff(sheet);
      return sheet.isNone('away') ? handsOver(sheet) : sheet.in(AWAITING_AWAY);

    case RETIRING:
    case ABANDONING:
      if (!isGone) return sheet.in(path);
      if (path === RETIRING) return sheet.report('operation.done').in(RUNNING);
      return sheet.fail(sheet.failed.length > 0 ? 'shardDown' : 'aborted').in(RUNNING);

    case GOING_OFFLINE:
      return isGone ? sheet.end().in(IDLE) : sheet.in(path);
    case STOPPING:
      return isGone ? sheet.end().in(STOPPED) : sheet.in(path);
    case FAILING:
      return isGone ? sheet.fail('shardDown').end().in(FAILED) : sheet.in(path);
    case COMING_BACK: {
      if (!isGone) return sheet.in(path);
      sheet.end().frames.push('prepare connect');
      return sheet.in(PREPARING);
    }
    default:
      return sheet.in(path);
  }
}

/** Clears the account of every operation. Returns the shards that are not going already. */
export function clears(sheet: Sheet): string[] {
  const standing = sheet.all.filter((name) => sheet.placeOf(name) !== 'closing');
  sheet.endRestart();
  sheet.next = null;
  sheet.previous = null;
  return standing;
}

export function handsOver(sheet: Sheet): Manager {
  sheet.previous = sheet.current;
  sheet.current = sheet.next;
  sheet.next = null;
  sheet.frames.push(`set.serve ${sheet.current?.number}`);
  return sheet.in(DRAINING);
}

/** The next set goes; the current one has noticed nothing. */
export function callsOff(sheet: Sheet): Manager {
  const names = namesIn(sheet.next);
  sheet.next = null;
  return goesOn(ABANDONING, sheet.close(names, 1000, 'the reshard was called off'));
}

/** The previous set goes. */
export function retires(sheet: Sheet): Manager {
  const names = namesIn(sheet.previous);
  sheet.previous = null;
  return goesOn(RETIRING, sheet.close(names, 1000, 'another set has taken over'));
}
