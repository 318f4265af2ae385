import type { AnyStateMachine } from 'xstate';
import { PRESENCE_WINDOW_MS, SEND_WINDOW_MS } from '../src/protocol/limits.js';
import { PERMIT_SLACK_MS } from '../src/protocol/sendLimit.js';
import type {
  BucketEvent,
  IdentifyAllowanceEvent,
  IdentifyQueueEvent,
  ManagerCommand,
  ShardCommand,
  WorkerCommand,
} from '../machines/index.js';

/** The cause of a transition; a picture has a sign and a colour for each. */
export type EdgeKind = 'command' | 'report' | 'time' | 'always' | 'done' | 'error';

/** A transition of a chart, as the chart's definition has it. */
export interface Edge {
  /** `<source's id>|<event type>|<place among the source's transitions for that event>`, as an inspector can derive it. */
  readonly id: string;
  /** Path of the state that declares it, `Online.link.session`. */
  readonly source: string;
  /** Path of the state it leads to; that of the source where it stays. */
  readonly target: string;
  readonly kind: EdgeKind;
  /** Event, delay or outcome, in the words a picture uses. */
  readonly event: string;
  readonly guard: string | null;
  readonly actions: readonly string[];
  /** Stays where it is: no state is left or entered. */
  readonly internal: boolean;
}

export type Node = AnyStateMachine['root'];
type Definition = Node['always'] extends (infer Item)[] | undefined ? Item : never;

/** Compiles only while it names every command there is. */
const COMMANDS: Record<(ShardCommand | ManagerCommand | WorkerCommand)['type'], true> = {
  connect: true,
  resume: true,
  identify: true,
  reconnect: true,
  reinstantiate: true,
  disconnect: true,
  close: true,
  shutdown: true,
  abort: true,
  send: true,
  'send.cancel': true,
  scale: true,
  restart: true,
  reshard: true,
  'reshard.abort': true,
  drain: true,
};

/** Events a chart sends itself later: time, although its definition does not show it. */
const TIMERS: {
  readonly [T in BucketEvent['type'] | IdentifyAllowanceEvent['type'] | IdentifyQueueEvent['type']]?: number | null;
} = {
  'permit.returned': SEND_WINDOW_MS + PERMIT_SLACK_MS,
  'presencePermit.returned': PRESENCE_WINDOW_MS + PERMIT_SLACK_MS,
  // The lengths of these are known only at run time.
  'grant.expired': null,
  'window.passed': null,
  'budget.renewed': null,
  'permit.refilled': null,
  'identifies.aged': null,
};

/** All edges of a chart, in the order in which they are declared. */
export function edgesOf(machine: AnyStateMachine): Edge[] {
  return nodesOf(machine.root).flatMap((node) =>
    [...node.transitions.values(), node.always ?? []].flatMap((list) =>
      list.map((transition, index) => toEdge(node, transition, index)),
    ),
  );
}

/** Every state of a chart, parents before children. */
export function nodesOf(node: Node): Node[] {
  return [node, ...Object.values(node.states).flatMap((child) => nodesOf(child as Node))];
}

export function pathOf(node: Node): string {
  return node.path.join('.');
}

/** Names of actions, without those XState adds for its own timers. */
export function actionNames(actions: readonly unknown[]): string[] {
  return actions.map(nameOf).filter((name) => !name.startsWith('xstate.'));
}

/** An edge has one target at most: no chart here enters two parallel regions by one edge. */
function toEdge(node: Node, transition: Definition, index: number): Edge {
  const { target, guard, actions, eventType, reenter } = transition;
  const source = pathOf(node);
  const to = target?.[0];
  return {
    id: `${node.id}|${eventType}|${index}`,
    source,
    target: to === undefined ? source : pathOf(to as Node),
    ...eventOf(eventType, node),
    guard: guard === undefined ? null : nameOf(guard),
    actions: actionNames(actions),
    internal: to === undefined && !reenter,
  };
}

const nameOf = (named: unknown): string =>
  typeof named === 'string' ? named : ((named as { type?: string } | undefined)?.type ?? 'inline');

/** `xstate.after.hello.shard.…` -> `after hello`; the end of an invoked actor -> `heartbeat done`. */
function eventOf(type: string, node: Node): Pick<Edge, 'event' | 'kind'> {
  if (type === '') return { event: 'always', kind: 'always' };
  const after = 'xstate.after.';
  if (type.startsWith(after)) {
    return { event: afterWords(type.slice(after.length, -`.${node.id}`.length), node), kind: 'time' };
  }
  const [, end, actor] = /^xstate\.(done|error)\.(?:actor|state)\.(.+)$/.exec(type) ?? [];
  if (end === 'done') return { event: `${actor} done`, kind: 'done' };
  if (end === 'error') return { event: `${actor} failed`, kind: 'error' };
  const timer = TIMERS[type as keyof typeof TIMERS];
  if (timer !== undefined)
    return { event: timer === null ? type : `${type} after ${milliseconds(timer)}`, kind: 'time' };
  return { event: type, kind: Object.hasOwn(COMMANDS, type) ? 'command' : 'report' };
}

/** A delay by its name, and by its length where that is a number and not computed at run time. */
function afterWords(delay: string, node: Node): string {
  if (/^\d+$/.test(delay)) return `after ${milliseconds(Number(delay))}`;
  const length: unknown = node.machine.implementations.delays[delay];
  return typeof length === 'number' ? `after ${delay}, ${milliseconds(length)}` : `after ${delay}`;
}

const milliseconds = (value: number) => `${String(value).replaceAll(/\B(?=(\d{3})+$)/g, ' ')} ms`;
