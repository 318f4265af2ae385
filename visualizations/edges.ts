import type { AnyStateMachine } from 'xstate';

/** One edge of a chart as its definition has it. */
export interface Edge {
  /** Path of the state that declares it, `Online.link.session`. */
  readonly source: string;
  /** Path of the state it leads to; that of the source where it stays. */
  readonly target: string;
  /** Event, delay or outcome, in the words a picture uses. */
  readonly event: string;
  readonly guard: string | null;
  /** Stays where it is: no state is left or entered. */
  readonly internal: boolean;
}

type Node = AnyStateMachine['root'];
type Definition = Node['always'] extends (infer Item)[] | undefined ? Item : never;

/** All edges of a chart, in the order in which they are declared. */
export function edgesOf(machine: AnyStateMachine): Edge[] {
  return nodesOf(machine.root).flatMap((node) => [
    ...[...node.transitions].flatMap(([event, transitions]) =>
      transitions.flatMap((transition) => toEdges(node, label(event, node), transition)),
    ),
    ...(node.always ?? []).flatMap((transition) => toEdges(node, 'always', transition)),
  ]);
}

/** Every state of a chart, parents before children. */
export function nodesOf(node: Node): Node[] {
  return [node, ...Object.values(node.states).flatMap((child) => nodesOf(child as Node))];
}

export function pathOf(node: Node): string {
  return node.path.join('.');
}

function toEdges(node: Node, event: string, { target, guard }: Definition): Edge[] {
  const source = pathOf(node);
  const named = typeof guard === 'string' ? guard : ((guard as { type?: string } | undefined)?.type ?? null);
  if (target === undefined || target.length === 0) {
    return [{ source, target: source, event, guard: named, internal: true }];
  }
  return target.map((to) => ({ source, target: pathOf(to as Node), event, guard: named, internal: false }));
}

/** `xstate.after.hello.shard.…` -> `after hello`; the end of an invoked actor -> `heartbeat done`. */
function label(event: string, node: Node): string {
  const after = /^xstate\.after\.(.+?)\./.exec(event.replace(`.${node.id}`, '.'));
  if (after !== null) return `after ${after[1]}`;
  const actor = /^xstate\.(done|error)\.actor\.(.+)$/.exec(event);
  return actor === null ? event : `${actor[2]} ${actor[1] === 'done' ? 'done' : 'failed'}`;
}
