import type { AnyStateMachine } from 'xstate';
import { actionNames, edgesOf, pathOf, type Edge, type Node } from './edges.js';
import { lifecycles } from '../machines/index.js';
import { edgeLabel, note, word, type Label } from './labels.js';

/** A state as it is drawn. */
export interface Box {
  readonly path: string;
  readonly name: string;
  readonly final: boolean;
  /** True for the six states of a shard's life. */
  readonly accent: boolean;
  /** The state's actions, and the edges that stay within it. */
  readonly rows: readonly Label[];
  readonly children: readonly Box[];
  /** Path of the child that is entered first. */
  readonly initial: string | null;
}

/** All edges between two states: one line, a label each. */
export interface Arrow {
  readonly source: string;
  readonly target: string;
  readonly labels: readonly Label[];
}

/** The content of a picture, before anything has a place. */
export interface Chart {
  readonly id: string;
  readonly root: Box;
  readonly arrows: readonly Arrow[];
}

/** Widest line on an arrow and in a box, in pixels, before it is broken. */
const WIDTH = { arrow: 120, row: 330 } as const;

/** Names suffice: no other state of the shard's chart has one of these. */
const LIFECYCLE: ReadonlySet<string> = new Set(lifecycles);

/** Everything a machine's definition says. */
export function chartOf(machine: AnyStateMachine): Chart {
  const edges = edgesOf(machine);
  return {
    id: machine.id,
    root: boxOf(machine.root, edges),
    arrows: pairs(edges.filter((edge) => !staysWithin(edge))).map(({ source, target, edges }) => ({
      source,
      target,
      labels: edges.map((edge) => edgeLabel(edge, WIDTH.arrow)),
    })),
  };
}

/** Edges by the states they connect, in the order of their first. */
export function pairs<E extends Pick<Edge, 'source' | 'target'>>(edges: readonly E[]) {
  const found = new Map<string, { source: string; target: string; edges: E[] }>();
  for (const edge of edges) {
    const { source, target } = edge;
    const key = `${source} ${target}`;
    const pair = found.get(key) ?? { source, target, edges: [] };
    pair.edges.push(edge);
    found.set(key, pair);
  }
  return [...found.values()];
}

/** True for an edge that becomes a row of its state's box. An arrow from a box to its inside would only add to the tangle. */
const staysWithin = ({ source, target }: Edge) => isWithin(target, source);

export const isWithin = (path: string, outer: string): boolean =>
  outer === '' || path === outer || path.startsWith(`${outer}.`);

function boxOf(node: Node, edges: readonly Edge[]): Box {
  const path = pathOf(node);
  const within = edges.filter((edge) => edge.source === path && staysWithin(edge));
  const initial = node.initial?.target[0];
  return {
    path,
    name: node.key,
    final: node.type === 'final',
    accent: node.machine.id === 'shard' && LIFECYCLE.has(node.key),
    rows: [
      ...node.invoke.map(({ id, src }) =>
        keyword('invoke', [id === src || typeof src !== 'string' ? id : `${id}: ${src}`]),
      ),
      ...keywords('entry', actionNames(node.entry)),
      ...keywords('exit', actionNames(node.exit)),
      ...within.map((edge) =>
        edgeLabel(
          edge,
          WIDTH.row,
          edge.target === path ? undefined : edge.target.slice(path === '' ? 0 : path.length + 1),
        ),
      ),
    ],
    children: Object.values(node.states).map((child) => boxOf(child as Node, edges)),
    initial: initial === undefined ? null : pathOf(initial as Node),
  };
}

const keyword = (name: string, values: readonly string[]) =>
  note(word(`${name} `, 'note'), word(`/ ${values.join(', ')}`, 'action'));

const keywords = (name: string, values: readonly string[]) => (values.length === 0 ? [] : [keyword(name, values)]);
