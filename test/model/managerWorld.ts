import { fromCallback, type EventObject } from 'xstate';
import type { managerMachine } from '../../machines/index.js';
import type {
  FleetCommand,
  FleetReport,
  ManagerReport,
  PreparationInput,
  PreparationReport,
  ShardRef,
} from '../../machines/index.js';
import { failAfter } from '../machines/scriptedRig.js';
import { listeners, obey, scriptedOnce } from './scriptedActors.js';

/** The manager's chart with actors that only record their orders, and fail on `FAIL`. */
export const scriptedManager = scriptedOnce((machine) =>
  (machine as typeof managerMachine).provide({
    actors: {
      fleet: fromCallback<FleetCommand, undefined, FleetReport & EventObject>(({ system, receive }) => {
        receive((command) => obey(system, command, sayCommand));
      }),
      preparation: fromCallback<EventObject, PreparationInput, PreparationReport & EventObject>(
        ({ system, input, receive }) => {
          listeners.get(system)?.(`prepare ${sayPurpose(input)}`);
          receive(() => failAfter(() => {}));
        },
      ),
    },
  }),
);

const name = ({ set, id }: ShardRef) => `${set}/${id}`;

/** `shard.close 1/3 1000 asked` */
export function sayCommand(command: FleetCommand): string {
  switch (command.type) {
    case 'set.create':
      return `set.create ${command.set.number}: ${command.set.ids.join(' ')} of ${command.set.total}`;
    case 'set.serve':
      return `set.serve ${command.set}`;
    case 'shard.connect':
      return `shard.connect ${name(command.ref)}`;
    case 'shard.restart':
      return `shard.restart ${name(command.ref)}${command.newSession ? ' new session' : ''}`;
    default:
      return `${command.type} ${name(command.ref)} ${command.code} ${command.reason}`;
  }
}

/** `operation.failed shardDown 1/0` */
export function sayReport(report: ManagerReport): string {
  if (report.type !== 'operation.failed') return report.type;
  return [report.type, report.why, ...report.shards.map(name)].join(' ');
}

const sayPurpose = ({ for: purpose }: PreparationInput) =>
  purpose === 'connect' ? purpose : `reshard ${purpose.ids?.join(' ') ?? 'all'} of ${purpose.total}`;
