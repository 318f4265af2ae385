import type { AnyStateMachine } from 'xstate';
import { edgesOf, nodesOf, pathOf, type Edge } from './edges.js';

/** The whole chart as Mermaid text: every state, every edge that leaves its state. */
export function chartDiagram(machine: AnyStateMachine): string {
  const edges = edgesOf(machine).filter(({ internal }) => !internal);
  return diagram([
    ...states(machine.root, 1),
    ...edges.map((edge) => `  ${id(edge.source)} --> ${id(edge.target)}: ${words(edge)}`),
  ]);
}

/**
 * The six lifecycle states of the shard's chart and the ways between them, one arrow a pair. What all states of a
 * connection have in common leaves from `Online`, the box around them.
 */
export function lifecycleDiagram(machine: AnyStateMachine): string {
  const pairs = new Map<string, Set<string>>();
  for (const edge of edgesOf(machine)) {
    const from = lifecycleOfPath(edge.source);
    const to = lifecycleOfPath(entered(machine, edge.target));
    if (edge.internal || from === to || from === '') continue;
    const pair = `${from} --> ${to}`;
    pairs.set(pair, (pairs.get(pair) ?? new Set()).add(words(edge)));
  }
  return diagram([
    '  [*] --> Offline',
    '  state Online {',
    ...['Connecting', 'Identifying', 'Resuming', 'Connected'].map((state) => `    ${state}`),
    '  }',
    ...[...pairs].map(([pair, labels]) => `  ${pair}: ${[...labels].join('<br/>')}`),
  ]);
}

const diagram = (lines: string[]) => `${['stateDiagram-v2', ...lines].join('\n')}\n`;

const id = (path: string) => (path === '' ? 'root' : path.replaceAll('.', '_'));

const words = ({ event, guard }: Edge) => (guard === null ? event : `${event} [${guard}]`);

function states(node: AnyStateMachine['root'], depth: number): string[] {
  const indent = '  '.repeat(depth);
  return Object.values(node.states).flatMap((child) => {
    const path = pathOf(child);
    const initial = node.initial?.target[0]?.key === child.key ? [`${indent}[*] --> ${id(path)}`] : [];
    const named = `${indent}state "${child.key}" as ${id(path)}`;
    const inner = states(child, depth + 1);
    return inner.length === 0 ? [named, ...initial] : [`${named} {`, ...inner, `${indent}}`, ...initial];
  });
}

/** The state that entering this one ends in: its initial one, all the way down. */
function entered(machine: AnyStateMachine, path: string): string {
  const node = nodesOf(machine.root).find((candidate) => pathOf(candidate) === path);
  const initial = node?.initial?.target[0];
  return initial === undefined ? path : entered(machine, pathOf(initial));
}

function lifecycleOfPath(path: string): string {
  if (path.startsWith('Online.closing')) return 'Disconnected';
  return /^Online\.link\.(?:session\.)?([A-Z]\w*)/.exec(path)?.[1] ?? path.split('.')[0] ?? '';
}
