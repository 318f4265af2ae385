import { fromCallback, type EventObject } from 'xstate';
import type {
  JoiningReport,
  LeaseCommand,
  LeaseReport,
  ShardsCommand,
  ShardsReport,
  workerMachine,
  WorkerReport,
} from '../../machines/index.js';
import { failAfter } from '../machines/scriptedRig.js';
import { listeners, obey, scriptedOnce } from './scriptedActors.js';

/** An actor that gets no orders: it says that it was started. */
const silent =
  (says: string) =>
  ({ system, receive }: { readonly system: WeakKey; readonly receive: (listener: () => void) => void }) => {
    listeners.get(system as never)?.(says);
    receive(() => failAfter(() => {}));
  };

/** The worker's chart with actors that only record their orders, and fail on `FAIL`. */
export const scriptedWorker = scriptedOnce((machine) =>
  (machine as typeof workerMachine).provide({
    actors: {
      shards: fromCallback<ShardsCommand, undefined, ShardsReport & EventObject>(({ system, receive }) => {
        receive((command) => obey(system, command, sayShardsCommand));
      }),
      lease: fromCallback<LeaseCommand, undefined, LeaseReport & EventObject>(({ system, receive }) => {
        listeners.get(system)?.('lease.begin');
        receive((command) => obey(system, command, ({ type }) => type));
      }),
      joining: fromCallback<EventObject, undefined, JoiningReport & EventObject>(silent('join')),
      signingOff: fromCallback<EventObject, undefined, { type: 'worker.left' }>(silent('sign off')),
    },
  }),
);

/** `shards.own 1:0@3 1:1@4 give 1:1` */
export function sayShardsCommand(command: ShardsCommand): string {
  if (command.type !== 'shards.own') return command.type;
  const owned = command.owned.map(({ key, epoch }) => `${key}@${epoch}`);
  const give = command.give.length === 0 ? [] : ['give', ...command.give];
  return [command.type, ...owned, ...give].join(' ');
}

/** `worker.failed shardRefused 1:0` */
export function sayWorkerReport(report: WorkerReport): string {
  if (report.type !== 'worker.failed') return report.type;
  return [report.type, report.why, ...(report.key === null ? [] : [report.key])].join(' ');
}
