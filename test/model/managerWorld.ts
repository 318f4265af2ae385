import { fromCallback, type AnyActorRef, type AnyStateMachine, type EventObject } from 'xstate';
import type { managerMachine } from '../../machines/index.js';
import type {
  FleetCommand,
  FleetReport,
  ManagerReport,
  PreparationInput,
  PreparationReport,
  ShardRef,
} from '../../machines/index.js';
import { FAIL, failAfter } from '../machines/scriptedRig.js';

/** Records the orders and emitted events of a manager, by its actor system. */
export const listeners = new WeakMap<AnyActorRef['system'], (frame: string) => void>();
const together = new WeakMap<AnyStateMachine, AnyStateMachine>();

/** The manager's chart with actors that only record their orders, and fail on `FAIL`. */
export function scriptedManager(machine: AnyStateMachine): AnyStateMachine {
  const known = together.get(machine);
  if (known !== undefined) return known;
  const provided = (machine as typeof managerMachine).provide({
    actors: {
      fleet: fromCallback<FleetCommand, undefined, FleetReport & EventObject>(({ system, receive }) => {
        receive((command) => {
          if ((command as EventObject).type === FAIL.type) failAfter(() => {});
          listeners.get(system)?.(sayCommand(command));
        });
      }),
      preparation: fromCallback<EventObject, PreparationInput, PreparationReport & EventObject>(
        ({ system, input, receive }) => {
          listeners.get(system)?.(`prepare ${sayPurpose(input)}`);
          receive(() => failAfter(() => {}));
        },
      ),
    },
  });
  together.set(machine, provided);
  return provided;
}

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
