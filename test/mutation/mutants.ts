import { not, StateMachine, type AnyStateMachine } from 'xstate';

/** A chart with one thing wrong. */
export interface Mutant {
  /** Chart, place and kind of the change: stable as long as that place of the chart is. */
  readonly id: string;
  readonly chart: string;
  readonly operator: Operator;
  readonly machine: AnyStateMachine;
}

export type Operator =
  | 'remove edge'
  | 'retarget edge'
  | 'drop target'
  | 'swap edges'
  | 'drop guard'
  | 'negate guard'
  | 'drop action'
  | 'change delay'
  | 'change initial'
  | 'drop reenter'
  | 'drop invoke';

/** A definition as it was written, to be changed in place. */
type Config = Record<string, unknown>;

interface Edge {
  readonly place: string;
  /** The transitions for one event; what stands alone in the chart is a list of one here. */
  readonly list: (Config | string)[];
  readonly index: number;
}

/** Every mutant of a chart: each operator wherever it applies. */
export function mutantsOf(machine: AnyStateMachine): Mutant[] {
  const mutants: Mutant[] = [];
  const paths = statePaths(machine.config as Config);
  /** Counts the places where an operator applies, then makes one mutant for each. */
  const each = (operator: Operator, places: (config: Config) => { place: string; change: () => void }[]) => {
    const { length } = places(clone(machine.config as Config));
    for (let index = 0; index < length; index += 1) {
      const config = clone(machine.config as Config);
      const { place, change } = places(config)[index] as { place: string; change: () => void };
      change();
      mutants.push({
        id: `${machine.id}: ${operator} ${place}`,
        chart: machine.id,
        operator,
        machine: new StateMachine(config as never, machine.implementations as never),
      });
    }
  };

  each('remove edge', (config) =>
    edges(config).map(({ place, list, index }) => ({ place, change: () => void list.splice(index, 1) })),
  );
  each('retarget edge', (config) =>
    edges(config)
      .filter(({ list, index }) => targetOf(list[index]) !== undefined)
      .flatMap(({ place, list, index }) =>
        others(paths, `${machine.id}.${targetOf(list[index])}`, place).map((to) => ({
          place: `${place} to ${to}`,
          change: () => void (list[index] = { ...transition(list[index]), target: `#${machine.id}.${to}` }),
        })),
      ),
  );
  each('drop target', (config) =>
    edges(config)
      .filter(({ list, index }) => targetOf(list[index]) !== undefined)
      .map(({ place, list, index }) => ({
        place,
        change: () => void (list[index] = without(transition(list[index]), 'target', 'reenter')),
      })),
  );
  each('swap edges', (config) => [
    // Two transitions for one event, one before the other; then two events of one state, one for the other.
    ...edges(config)
      .filter(({ list, index }) => index + 1 < list.length)
      .map(({ place, list, index }) => ({
        place,
        change: () => ([list[index], list[index + 1]] = [list[index + 1] as Config, list[index] as Config]),
      })),
    ...states(config).flatMap(({ path, node }) => {
      const on = (node['on'] ?? {}) as Record<string, unknown>;
      const names = Object.keys(on);
      return names.slice(1).map((name, before) => ({
        place: `${path} ${names[before]} with ${name}`,
        change: () => ([on[names[before] as string], on[name]] = [on[name], on[names[before] as string]]),
      }));
    }),
  ]);
  each('drop guard', (config) =>
    guarded(config).map(({ place, list, index }) => ({
      place,
      change: () => void (list[index] = without(transition(list[index]), 'guard')),
    })),
  );
  each('negate guard', (config) =>
    guarded(config).map(({ place, list, index }) => ({
      place,
      change: () =>
        void (list[index] = { ...transition(list[index]), guard: not(transition(list[index])['guard'] as never) }),
    })),
  );
  each('drop action', (config) => [
    ...edges(config).flatMap(({ place, list, index }) => droppable(list[index], 'actions', place)),
    ...states(config).flatMap(({ path, node }) => droppable(node, 'entry', `${path} entry`)),
    ...states(config).flatMap(({ path, node }) => droppable(node, 'exit', `${path} exit`)),
  ]);
  each('change delay', (config) =>
    states(config).flatMap(({ path, node }) => {
      const after = (node['after'] ?? {}) as Config;
      return Object.keys(after).map((delay) => ({
        place: `${path} after ${delay}`,
        // Another delay of the chart's, or of none.
        change: () => {
          const transitions = after[delay];
          delete after[delay];
          after[otherDelay(machine, delay)] = transitions;
        },
      }));
    }),
  );
  each('change initial', (config) =>
    states(config)
      .filter(({ node }) => Object.keys((node['states'] ?? {}) as Config).length > 1)
      .map(({ path, node }) => ({
        place: path,
        change: () => {
          const names = Object.keys(node['states'] as Config);
          node['initial'] = names[(names.indexOf(node['initial'] as string) + 1) % names.length];
        },
      })),
  );
  each('drop reenter', (config) =>
    edges(config)
      .filter(({ list, index }) => transition(list[index])['reenter'] === true)
      .map(({ place, list, index }) => ({
        place,
        change: () => void (list[index] = without(transition(list[index]), 'reenter')),
      })),
  );
  each('drop invoke', (config) =>
    states(config)
      .filter(({ node }) => node['invoke'] !== undefined)
      .map(({ path, node }) => ({ place: path, change: () => void delete node['invoke'] })),
  );
  return [...mutants, ...slowAndFast(machine)];
}

/** Each named delay of a chart, twice and half as long. */
function slowAndFast(machine: AnyStateMachine): Mutant[] {
  const delays = machine.implementations.delays as Record<string, number | ((args: unknown) => number)>;
  return Object.keys(delays).flatMap((name) =>
    [2, 0.5].map((factor) => {
      const delay = delays[name];
      const changed = typeof delay === 'number' ? delay * factor : (args: unknown) => Number(delay?.(args)) * factor;
      return {
        id: `${machine.id}: change delay ${name} times ${factor}`,
        chart: machine.id,
        operator: 'change delay' as const,
        machine: machine.provide({ delays: { [name]: changed } } as never),
      };
    }),
  );
}

/** Every state of a definition with its path. */
function states(config: Config, path = ''): { readonly path: string; readonly node: Config }[] {
  const inner = (config['states'] ?? {}) as Record<string, Config>;
  return [
    { path: path === '' ? 'root' : path, node: config },
    ...Object.entries(inner).flatMap(([name, node]) => states(node, path === '' ? name : `${path}.${name}`)),
  ];
}

const statePaths = (config: Config) =>
  states(config)
    .map(({ path }) => path)
    .slice(1);

/** Every edge of a definition. What is written in short is written out, in place. */
function edges(config: Config): Edge[] {
  return states(config).flatMap(({ path, node }) => {
    const lists: { place: string; list: (Config | string)[] }[] = [];
    const collect = (owner: Config | undefined, key: string, place: string) => {
      if (owner?.[key] === undefined) return;
      const list = [owner[key]].flat() as (Config | string)[];
      owner[key] = list;
      lists.push({ place, list });
    };
    for (const kind of ['on', 'after'] as const) {
      const owner = node[kind] as Config | undefined;
      for (const name of Object.keys(owner ?? {})) collect(owner, name, `${path} ${kind} ${name}`);
    }
    collect(node, 'always', `${path} always`);
    for (const kind of ['onDone', 'onError'] as const) collect(node['invoke'] as Config, kind, `${path} ${kind}`);
    return lists.flatMap(({ place, list }) =>
      list.map((_, index) => ({ place: list.length === 1 ? place : `${place} #${index}`, list, index })),
    );
  });
}

const guarded = (config: Config) =>
  edges(config).filter(({ list, index }) => transition(list[index])['guard'] !== undefined);

const transition = (written: Config | string | undefined): Config =>
  typeof written === 'string' ? { target: written } : (written ?? {});

const targetOf = (written: Config | string | undefined) => transition(written)['target'] as string | undefined;

/** One change for each action of an edge or of a state's entry or exit. */
function droppable(owner: Config | string | undefined, key: string, place: string) {
  if (owner === undefined || typeof owner === 'string' || owner[key] === undefined) return [];
  const list = [owner[key]].flat() as unknown[];
  return list.map((action, index) => ({
    place: `${place} ${typeof action === 'string' ? action : (action as { type: string }).type}`,
    change: () => void (owner[key] = list.toSpliced(index, 1)),
  }));
}

/** Two states an edge could lead to instead, spread over the chart by the edge's place. */
function others(paths: readonly string[], target: string, place: string): string[] {
  const wrong = paths.filter((path) => !target.endsWith(path) && !target.endsWith(`.${path.split('.').at(-1)}`));
  const start = [...place].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7);
  return [...new Set([wrong[start % wrong.length], wrong[(start * 7 + 3) % wrong.length]])].filter(
    (path) => path !== undefined,
  );
}

/** The next delay in the chart's list; a chart with one has only a second instead. */
function otherDelay(machine: AnyStateMachine, delay: string): string {
  const names = Object.keys(machine.implementations.delays);
  return names[(names.indexOf(delay) + 1) % names.length] ?? '1000';
}

const without = (config: Config, ...keys: string[]) =>
  Object.fromEntries(Object.entries(config).filter(([key]) => !keys.includes(key)));

/** A definition is a tree of plain objects; functions in it are shared. */
function clone(value: Config): Config {
  const copy = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(copy);
    if (typeof part !== 'object' || part === null || Object.getPrototypeOf(part) !== Object.prototype) return part;
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, copy(inner)]));
  };
  return copy(value) as Config;
}
