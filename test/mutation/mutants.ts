import { not, StateMachine, type AnyStateMachine } from 'xstate';
import { clone, edgesIn, statesOf, type Config, type Edge } from './definition.js';

/** A chart with one thing wrong. */
export interface Mutant {
  /** Chart, kind of the change and place: stable as long as that place of the chart is. */
  readonly id: string;
  readonly chart: string;
  readonly operator: Operator;
  /** The state that the change is in, by its path; empty for the chart as a whole. */
  readonly state: string;
  /** Makes the chart: of more than a thousand, a run of the tests holds one at a time. */
  readonly build: () => AnyStateMachine;
}

/** A place of a definition where an operator applies, and what it does there. */
interface Change {
  readonly place: string;
  readonly make: () => unknown;
}

const operators = {
  'remove edge': (config) =>
    edgesIn(config).map(({ place, list, index }) => ({ place, make: () => list.splice(index, 1) })),

  'retarget edge': (config, machine) =>
    edgesIn(config)
      .filter(hasTarget)
      .flatMap((edge) =>
        others(edge, config).map((to) => ({
          place: `${edge.place} to ${to}`,
          make: () => (edge.transition['target'] = `#${machine.id}.${to}`),
        })),
      ),

  'drop target': (config) =>
    edgesIn(config)
      .filter(hasTarget)
      .map((edge) => ({ place: edge.place, make: () => drop(edge.transition, 'target', 'reenter') })),

  /** Two transitions for one event change places; two events of one state change transitions. */
  'swap edges': (config) => [
    ...edgesIn(config)
      .filter(({ list, index }) => index + 1 < list.length)
      .map(({ place, list, index }) => ({
        place,
        make: () => list.splice(index, 2, ...list.slice(index, index + 2).toReversed()),
      })),
    ...statesOf(config).flatMap(({ path, node }) => {
      const on = (node['on'] ?? {}) as Config;
      const names = Object.keys(on);
      return names.slice(1).flatMap((second, at) => {
        const first = names[at] as string;
        if (textOf(on[first]) === textOf(on[second])) return [];
        return [
          {
            place: `${path} ${first} with ${second}`,
            make: () => Object.assign(on, { [first]: on[second], [second]: on[first] }),
          },
        ];
      });
    }),
  ],

  'drop guard': (config) =>
    guarded(config).map((edge) => ({ place: edge.place, make: () => drop(edge.transition, 'guard') })),

  'negate guard': (config) =>
    guarded(config).map(({ place, transition }) => ({
      place,
      make: () => (transition['guard'] = not(transition['guard'] as never)),
    })),

  'drop action': (config) => [
    ...edgesIn(config).flatMap(({ place, transition }) => actions(transition, 'actions', place)),
    ...statesOf(config).flatMap(({ path, node }) => actions(node, 'entry', `${path} entry`)),
    ...statesOf(config).flatMap(({ path, node }) => actions(node, 'exit', `${path} exit`)),
  ],

  /** The next delay in the chart's list instead. */
  'change delay': (config, machine) =>
    statesOf(config).flatMap(({ path, node }) => {
      const after = (node['after'] ?? {}) as Config;
      const names = Object.keys(machine.implementations.delays);
      return Object.keys(after).map((delay) => ({
        place: `${path} after ${delay}`,
        make: () => {
          after[names[(names.indexOf(delay) + 1) % names.length] as string] = after[delay];
          delete after[delay];
        },
      }));
    }),

  'change initial': (config) =>
    statesOf(config).flatMap(({ path, node }) => {
      const names = Object.keys((node['states'] ?? {}) as Config);
      const next = names[(names.indexOf(node['initial'] as string) + 1) % names.length];
      return names.length < 2 ? [] : [{ place: path, make: () => (node['initial'] = next) }];
    }),

  /** Values of the chart's first context, besides its input. */
  'change context': (config) => {
    const first = config['context'] as Config | ((args: { input: Config }) => Config);
    const known = typeof first === 'function' ? first({ input: {} }) : first;
    return Object.entries(known).map(([key, value]) => ({
      place: key,
      make: () => {
        config['context'] = (args: { input: Config }) => ({
          ...(typeof first === 'function' ? first(args) : first),
          [key]: another(value),
        });
      },
    }));
  },

  'drop reenter': (config) =>
    edgesIn(config)
      .filter(({ transition }) => transition['reenter'] === true)
      .map((edge) => ({ place: edge.place, make: () => drop(edge.transition, 'reenter') })),

  'drop invoke': (config) =>
    statesOf(config)
      .filter(({ node }) => node['invoke'] !== undefined)
      .map(({ path, node }) => ({ place: path, make: () => drop(node, 'invoke') })),
} satisfies Record<string, (config: Config, machine: AnyStateMachine) => Change[]>;

export type Operator = keyof typeof operators;

/** Every mutant of a chart: each operator wherever it applies. */
export function mutantsOf(machine: AnyStateMachine): Mutant[] {
  const mutants = (Object.keys(operators) as Operator[]).flatMap((operator) => {
    const changesOf = (config: Config): Change[] => operators[operator](config, machine);
    return changesOf(clone(machine.config as Config)).map(({ place }, index) => ({
      id: `${machine.id}: ${operator} ${place}`,
      chart: machine.id,
      operator,
      state: stateOf(place, machine),
      build: () => {
        const config = clone(machine.config as Config);
        changesOf(config)[index]?.make();
        return rebuilt(machine, config);
      },
    }));
  });
  return [...mutants, ...slowAndFast(machine)];
}

/** `Online.link on socket.closed #1` -> `Online.link` */
function stateOf(place: string, machine: AnyStateMachine): string {
  const [first] = place.split(' ');
  return statesOf(machine.config as Config).find(({ path }) => path !== 'root' && path === first)?.path ?? '';
}

/** A copy with nothing wrong, made the way mutants are made. */
export function copyOf<Machine extends AnyStateMachine>(machine: Machine): Machine {
  const config = clone(machine.config as Config);
  edgesIn(config);
  return rebuilt(machine, config) as Machine;
}

const rebuilt = ({ implementations }: AnyStateMachine, config: Config): AnyStateMachine =>
  new StateMachine(config as never, implementations as never) as unknown as AnyStateMachine;

/** Each named delay of a chart, twice and half as long. */
function slowAndFast(machine: AnyStateMachine): Mutant[] {
  const delays = machine.implementations.delays as Record<string, number | ((args: unknown) => number)>;
  const waits = statesOf(machine.config as Config);
  return Object.entries(delays).flatMap(([name, delay]) =>
    [2, 0.5].map((factor) => ({
      id: `${machine.id}: change delay ${name} times ${factor}`,
      chart: machine.id,
      operator: 'change delay' as const,
      state: waits.find(({ node }) => name in ((node['after'] ?? {}) as Config))?.path ?? '',
      build: () => {
        const changed = typeof delay === 'number' ? delay * factor : (args: unknown) => delay(args) * factor;
        return machine.provide({ delays: { [name]: changed } } as never);
      },
    })),
  );
}

/** The definition's text for an event, functions included: the same text is the same edge. */
const textOf = (written: unknown) =>
  JSON.stringify(written, (_, value: unknown) => (typeof value === 'function' ? String(value) : value));

function another(value: unknown): unknown {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'string') return `${value}?`;
  return Array.isArray(value) ? [...(value as unknown[]), 0] : {};
}

const hasTarget = ({ transition }: Edge) => transition['target'] !== undefined;
const guarded = (config: Config) => edgesIn(config).filter(({ transition }) => transition['guard'] !== undefined);

function drop(config: Config, ...keys: string[]): void {
  for (const key of keys) delete config[key];
}

/** A change for each action of an edge, or of a state's entry or exit. */
function actions(owner: Config, key: string, place: string): Change[] {
  if (owner[key] === undefined) return [];
  const list = [owner[key]].flat() as (string | { readonly type: string })[];
  return list.map((action, index) => ({
    place: `${place} ${typeof action === 'string' ? action : action.type}`,
    make: () => (owner[key] = list.toSpliced(index, 1)),
  }));
}

/** Two other states the edge could lead to, spread over the chart by the edge's place. State names are unique in our charts. */
function others({ place, transition }: Edge, config: Config): string[] {
  const states = statesOf(config).slice(1);
  const name = String(transition['target']).split(/[#.]/).at(-1);
  const right = states.find(({ path }) => path.split('.').at(-1) === name);
  const wrong = states.filter(({ path, node }) => rest(path, node) !== (right && rest(right.path, right.node)));
  const start = [...place].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7);
  return [...new Set([start, start * 7 + 3].map((at) => wrong[at % wrong.length]?.path as string))];
}

/** Where an edge to this state comes to rest: the state itself, or its initial one. */
function rest(path: string, { states, initial }: Config): string {
  const inner = states as Record<string, Config> | undefined;
  const name = initial as string;
  return inner?.[name] === undefined ? path : rest(`${path}.${name}`, inner[name]);
}
