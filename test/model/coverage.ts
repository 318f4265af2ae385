import type { AnyStateMachine } from 'xstate';
import { edgeId } from '../../src/dashboard/live/charts.js';
import { edgesOf, nodesOf, type Node } from '../../visualizations/edges.js';
import type { ObservedStep } from './observer.js';

/** Something a chart's definition says, and on how many paths it was seen. */
interface Item {
  readonly kind: 'edge' | 'guard refused' | 'initial';
  readonly paths: Set<number>;
}

/** The edges of a chart that were taken, the guards that refused, the initial states that were entered. */
export class Coverage {
  readonly chart: string;
  readonly #items = new Map<string, Item>();

  constructor(machine: AnyStateMachine) {
    this.chart = machine.id;
    for (const { id, guard } of edgesOf(machine)) {
      this.#add(id, 'edge');
      if (guard !== null) this.#add(refusalOf(id), 'guard refused');
    }
    for (const node of nodesOf(machine.root)) {
      if (hasInitial(node)) this.#add(initialOf(node), 'initial');
    }
  }

  #add(id: string, kind: Item['kind']): void {
    this.#items.set(id, { kind, paths: new Set() });
  }

  /** Notes what one step of a path went through. */
  note(step: Pick<ObservedStep, 'taken' | 'refused'>, path: number): void {
    for (const transition of step.taken) {
      this.#seen(edgeId(transition), path);
      for (const target of transition.target ?? []) this.#enter(target as Node, path);
    }
    for (const transition of step.refused) {
      this.#seen(refusalOf(edgeId(transition)), path);
    }
  }

  /** The chart has been started. */
  noteStart(machine: AnyStateMachine, path: number): void {
    this.#enter(machine.root, path);
  }

  #enter(node: Node, path: number): void {
    if (hasInitial(node)) {
      this.#seen(initialOf(node), path);
      this.#enter(node.initial.target[0] as Node, path);
    } else if (node.type === 'parallel') {
      for (const region of Object.values(node.states)) this.#enter(region as Node, path);
    }
  }

  #seen(id: string, path: number): void {
    this.#items.get(id)?.paths.add(path);
  }

  /** Items that no path has gone through. */
  get missing(): string[] {
    return [...this.#items].filter(([, { paths }]) => paths.size === 0).map(([id, { kind }]) => `${kind} ${id}`);
  }

  /** How many items of a kind the definition has. */
  total(kind: string): number {
    return [...this.#items.values()].filter((item) => item.kind === kind).length;
  }

  /** The chart's row of the table. */
  get row(): Record<string, string | number> {
    const items = [...this.#items.values()];
    const of = (kind: Item['kind']) => {
      const all = items.filter((item) => item.kind === kind);
      return `${all.filter(({ paths }) => paths.size > 0).length}/${all.length}`;
    };
    const counts = items.map(({ paths }) => paths.size).toSorted((a, b) => a - b);
    const covered = items.filter(({ paths }) => paths.size > 0).length;
    return {
      chart: this.chart,
      edges: of('edge'),
      'guards refused': of('guard refused'),
      initials: of('initial'),
      'paths through each (least, median)': `${counts[0]}, ${counts[counts.length >> 1]}`,
      covered: `${Math.floor((100 * covered) / items.length)} %`,
    };
  }
}

const refusalOf = (id: string) => `${id} refused`;
const initialOf = (node: Node) => `${node.id} initial`;
const hasInitial = (node: Node) => node.type === 'compound';
