import { fromCallback, type AnyActorRef, type EventObject } from 'xstate';
import { bucketMachine, heartbeatMachine, shardMachine } from '../../machines/index.js';
import type {
  SlotInput,
  SlotReport,
  SocketCommand,
  SocketInput,
  SocketReport,
  StoreInput,
  StoreReport,
} from '../../machines/shard.types.js';

export interface Charts {
  readonly shard: typeof shardMachine;
  readonly heartbeat: typeof heartbeatMachine;
  readonly bucket: typeof bucketMachine;
}

export const ours: Charts = { shard: shardMachine, heartbeat: heartbeatMachine, bucket: bucketMachine };

/** One scripted connection: what it was opened with, what it was told, and whether the chart still owns it. */
export class ScriptedSocket {
  readonly commands: SocketCommand[] = [];
  alive = true;
  greeted = false;
  /** An identify slot was granted while this connection waited for one. */
  granted = false;

  constructor(
    readonly input: SocketInput,
    readonly report: (report: SocketReport) => void,
  ) {}
}

/** Makes an actor of the shard's fail, as a bug in it would. */
export const FAIL = { type: 'scripted.failure' };

/** The outside of one shard. */
export interface World {
  /** The shard's socket actor begins. */
  open(socket: ScriptedSocket, receive: (listener: (command: SocketCommand) => void) => void): () => void;
  /** The shard asks its session store. */
  ask(receive: (listener: () => void) => void): () => void;
  /** The shard's slot actor begins. */
  queue(receive: (listener: () => void) => void): () => void;
}

/** Which outside an actor belongs to: the charts are put together once, not for each shard. */
export const worlds = new WeakMap<AnyActorRef['system'], World>();
const together = new WeakMap<Charts, typeof shardMachine>();

/** The shard's chart with a scripted outside. */
export function scripted(charts: Charts): typeof shardMachine {
  const known = together.get(charts);
  if (known !== undefined) return known;
  const machine = charts.shard.provide({
    actors: {
      socket: fromCallback<SocketCommand, SocketInput, SocketReport & EventObject>(
        ({ system, input, sendBack, receive }) => worldOf(system).open(new ScriptedSocket(input, sendBack), receive),
      ),
      slot: fromCallback<EventObject, SlotInput, SlotReport & EventObject>(({ system, receive }) =>
        worldOf(system).queue(receive),
      ),
      sessionStore: fromCallback<EventObject, StoreInput, StoreReport & EventObject>(({ system, receive }) =>
        worldOf(system).ask(receive),
      ),
      heartbeat: fallible(charts.heartbeat),
      bucket: fallible(charts.bucket),
    },
  });
  together.set(charts, machine);
  return machine;
}

function worldOf(system: AnyActorRef['system']): World {
  const world = worlds.get(system);
  if (world === undefined) throw new Error('an actor of no world');
  return world;
}

/** XState does not clean up after a callback that throws: it does so itself. */
export function failAfter(cleanUp: () => void): never {
  cleanUp();
  throw new Error('scripted failure');
}

/** The same chart, but it can be made to fail. */
function fallible<Machine extends typeof heartbeatMachine | typeof bucketMachine>(machine: Machine): Machine {
  const transition = machine.transition.bind(machine) as (...args: unknown[]) => unknown;
  return Object.assign(Object.create(machine), {
    transition(snapshot: unknown, event: EventObject, scope: unknown) {
      if (event.type === FAIL.type) throw new Error('scripted failure');
      return transition(snapshot, event, scope);
    },
  }) as Machine;
}
