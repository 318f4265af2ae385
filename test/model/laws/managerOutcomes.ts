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

/** Resumable: 1000 and 1001 would end the sessions. */
export const KEEPS_SESSION = 4900;

/** Where what is known now leads from a state, and what is said on the way. */
export function goesOn(path: string, sheet: Sheet): Manager {
  const isRaised = () => sheet.isNobody('waiting', 'opening', 'rising');
  const isGone = sheet.isNobody('closing');
  switch (path) {
    case STARTING:
      if (sheet.failed.length > 0) {
        return goesOn(FAILING, sheet.close(clears(sheet), KEEPS_SESSION, 'a shard could not start'));
      }
      return sheet.connect() && isRaised() ? sheet.tell('operation.done').in(RUNNING) : sheet.in(STARTING);

    case SCALING:
      sheet.connect();
      if (!isRaised() || !isGone) return sheet.in(SCALING);
      return (sheet.failed.length > 0 ? sheet.fail('shardDown') : sheet.tell('operation.done')).in(RUNNING);

    case RESTARTING:
      if (sheet.failed.length > 0) {
        sheet.due = [];
        return sheet.put(sheet.whoAre('rising'), 'away').fail('shardDown').in(RUNNING);
      }
      sheet.restartDue();
      return sheet.isNobody('rising') ? sheet.tell('operation.done').in(RUNNING) : sheet.in(RESTARTING);

    case RAISING:
      if (sheet.failed.length > 0) return callsOff(sheet);
      return sheet.connect() && isRaised() ? goesOn(AWAITING_AWAY, sheet) : sheet.in(RAISING);

    case AWAITING_AWAY:
      if (sheet.failed.length > 0) return callsOff(sheet);
      return sheet.isNobody('away') ? handsOver(sheet) : sheet.in(AWAITING_AWAY);

    case RETIRING:
    case ABANDONING:
      if (!isGone) return sheet.in(path);
      if (path === RETIRING) return sheet.tell('operation.done').in(RUNNING);
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

/** All are to go. Tells who is not going already. */
export function clears(sheet: Sheet): string[] {
  const standing = sheet.everybody.filter((name) => sheet.placeOf(name) !== 'closing');
  sheet.due = [];
  sheet.beside = null;
  return standing;
}

export function handsOver(sheet: Sheet): Manager {
  [sheet.service, sheet.beside] = [sheet.beside, sheet.service];
  sheet.frames.push(`set.serve ${sheet.service?.number}`);
  return sheet.in(DRAINING);
}

/** The new set goes; the old one has noticed nothing. */
export const callsOff = (sheet: Sheet) => goesOn(ABANDONING, letsGo(sheet, 'the reshard was called off'));

/** One of two sets goes. */
export function letsGo(sheet: Sheet, reason: string): Sheet {
  const names = namesIn(sheet.beside);
  sheet.beside = null;
  return sheet.close(names, 1000, reason);
}
