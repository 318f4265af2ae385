import type { AnyStateMachine } from 'xstate';
import { isWithin } from './chart.js';
import { edgesOf, pathOf, type Edge, type Node } from './edges.js';

/**
 * The whole chart as Mermaid text: every state, every edge that leaves its state. Mermaid cannot draw an arrow from a
 * state to what is inside it: those are comments.
 */
export function chartDiagram(machine: AnyStateMachine): string {
  const edges = edgesOf(machine).filter(({ internal }) => !internal);
  return diagram([
    ...states(machine.root, 1),
    ...edges.map((edge) =>
      edge.target !== edge.source && isWithin(edge.target, edge.source)
        ? `  %% ${edge.source === '' ? machine.id : edge.source} --> ${edge.target}: ${words(edge)}`
        : `  ${id(edge.source)} --> ${id(edge.target)}: ${words(edge)}`,
    ),
  ]);
}

const diagram = (lines: string[]) => `${['stateDiagram-v2', ...lines].join('\n')}\n`;

const id = (path: string) => path.replaceAll('.', '_');

const words = ({ event, guard }: Edge) => (guard === null ? event : `${event} [${guard}]`);

function states(node: Node, depth: number): string[] {
  const indent = '  '.repeat(depth);
  return Object.values(node.states).flatMap((child, index) => {
    const path = pathOf(child as Node);
    const initial = node.initial?.target[0]?.key === child.key ? [`${indent}[*] --> ${id(path)}`] : [];
    const named = `${indent}state "${child.key}" as ${id(path)}`;
    const inner = states(child as Node, depth + 1);
    // Parallel regions have a line between them.
    const line = node.type === 'parallel' && index > 0 ? [`${indent}--`] : [];
    const body = inner.length === 0 ? [named] : [`${named} {`].concat(inner, `${indent}}`);
    return line.concat(body, initial);
  });
}
