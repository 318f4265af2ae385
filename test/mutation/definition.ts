/** A chart's definition as it was written: a tree of plain objects, to be changed in place. */
export type Config = Record<string, unknown>;

/** An edge of a definition. */
export interface Edge {
  /** `Online.link on socket.closed #1` */
  readonly place: string;
  /** All transitions for the same event, in the order in which they are tried. */
  readonly list: Config[];
  readonly index: number;
  readonly transition: Config;
}

/** A copy to change. Functions in it are shared. */
export function clone(value: Config): Config {
  const copy = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(copy);
    if (typeof part !== 'object' || part === null || Object.getPrototypeOf(part) !== Object.prototype) return part;
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, copy(inner)]));
  };
  return copy(value) as Config;
}

/** Every state of a definition with its path; the chart itself is the root. */
export function statesOf(config: Config, path = ''): { readonly path: string; readonly node: Config }[] {
  const inner = (config['states'] ?? {}) as Record<string, Config>;
  return [
    { path: path === '' ? 'root' : path, node: config },
    ...Object.entries(inner).flatMap(([name, node]) => statesOf(node, path === '' ? name : `${path}.${name}`)),
  ];
}

/** Every edge of a definition. Short forms are written out in the definition, so that they can be changed. */
export function edgesIn(config: Config): Edge[] {
  return statesOf(config).flatMap(({ path, node }) =>
    [
      eventsOf(node['on']).map((name) => written(node['on'], name, `${path} on ${name}`)),
      eventsOf(node['after']).map((name) => written(node['after'], name, `${path} after ${name}`)),
      written(node, 'always', `${path} always`),
      written(node['invoke'], 'onDone', `${path} onDone`),
      written(node['invoke'], 'onError', `${path} onError`),
    ].flat(2),
  );
}

const eventsOf = (owner: unknown) => Object.keys((owner ?? {}) as Config);

function written(owner: unknown, key: string, place: string): Edge[] {
  const config = owner as Config | undefined;
  if (config?.[key] === undefined) return [];
  const list = ([config[key]].flat() as (Config | string)[]).map((transition) =>
    typeof transition === 'string' ? { target: transition } : transition,
  );
  config[key] = list;
  return list.map((transition, index) => ({
    place: list.length === 1 ? place : `${place} #${index}`,
    list,
    index,
    transition,
  }));
}
