import type { AnyStateMachine } from 'xstate';
import { isWithin, pairs, type Box, type Chart } from './chart.js';
import { edgesOf, nodesOf, pathOf, type Edge, type EdgeKind } from './edges.js';
import { note, word, wrap, type Label } from './labels.js';

/** Boxes of the small picture, by the states of the shard's chart that they stand for; inner states before outer ones. */
const PLACES = [
  ['Online.closing', 'Disconnected'],
  ['awaitingSession', 'Online.link.Connecting'],
  ['Online.link.Connecting', 'Online.link.Connecting'],
  ['Online.link.session.Identifying', 'Online.link.session.Identifying'],
  ['Online.link.session.Resuming', 'Online.link.session.Resuming'],
  ['Online.link.session.Connected', 'Online.link.session.Connected'],
  ['Online.link.session', 'Online.link.session'],
  ['Online', 'Online'],
  ['Offline', 'Offline'],
  ['Disconnected', 'Disconnected'],
] as const;

const WIDTH = 120;

/**
 * The six states of a shard's life and the ways between them, one line a pair and one label a kind of edge. What all
 * states of a connection have in common leaves from the boxes around them.
 */
export function lifecycleChart(machine: AnyStateMachine): Chart {
  const nodes = new Map(nodesOf(machine.root).map((node) => [pathOf(node), node]));
  const placed = edgesOf(machine).flatMap((edge) => {
    const source = placeOf(edge.source);
    const target = placeOf(entered(edge.target));
    return edge.internal || source === null || target === null || source === target
      ? []
      : [{ ...edge, source, target }];
  });
  const box = (path: string, children: readonly Box[] = [], hint?: string): Box => {
    const node = nodes.get(path);
    if (node === undefined) throw new Error(`The shard's chart has lost its state ${path}.`);
    const elsewhere = PLACES.filter(([outer, place]) => place === path && outer !== path);
    const substates = [...elsewhere.map(([outer]) => outer), ...Object.keys(node.states)].join(', ');
    const invoked = node.invoke.map(({ id }) => note(word('invoke ', 'note'), word(`/ ${id}`, 'action')));
    const inner = hint ?? (children.length === 0 ? substates : '');
    return {
      path,
      name: node.key,
      final: false,
      accent: children.length === 0,
      rows: [...invoked, ...(inner === '' ? [] : [note(word(inner, 'note'))])],
      children,
      initial: children[0]?.path ?? null,
    };
  };
  function entered(path: string): string {
    const initial = nodes.get(path)?.initial?.target[0];
    return initial === undefined ? path : entered(initial.path.join('.'));
  }
  const online = box('Online', [
    box('Online.link.Connecting'),
    box('Online.link.session', [
      box('Online.link.session.Identifying'),
      box('Online.link.session.Resuming'),
      box('Online.link.session.Connected'),
    ]),
  ]);
  return {
    id: machine.id,
    root: {
      path: '',
      name: '',
      final: false,
      accent: false,
      rows: [],
      children: [box('Offline'), online, box('Disconnected', [], 'closing, backing off')],
      initial: 'Offline',
    },
    arrows: pairs(placed).map(({ source, target, edges }) => ({ source, target, labels: merged(edges) })),
  };
}

const placeOf = (path: string): string | null => PLACES.find(([outer]) => isWithin(path, outer))?.[1] ?? null;

/** A label for each kind, with each event once. A guard is named only if all edges of the event have that guard. */
function merged(edges: readonly Edge[]): Label[] {
  const kinds = new Map<EdgeKind, Edge[]>();
  for (const edge of edges) kinds.set(edge.kind, [...(kinds.get(edge.kind) ?? []), edge]);
  return [...kinds].map(([kind, ofKind]): Label => {
    const events = [...new Set(ofKind.map(({ event }) => event))];
    const parts = events.map((event, index) => {
      const guards = new Set(ofKind.filter((edge) => edge.event === event).map(({ guard }) => guard));
      const [guard] = guards;
      const comma = index < events.length - 1 ? ',' : '';
      return guards.size === 1 && guard !== null && guard !== undefined
        ? [word(event, 'event'), word(` [${guard}]${comma}`, 'guard')]
        : [word(`${event}${comma}`, 'event')];
    });
    return { ids: ofKind.map(({ id }) => id), kind, reenters: false, lines: wrap(parts, WIDTH) };
  });
}
