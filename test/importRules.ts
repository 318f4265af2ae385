/** A folder's rule: what its files may import besides each other, ours and npm's. */
export interface Rule {
  readonly ours: readonly string[];
  readonly npm?: readonly string[];
  /** Imports of node: are allowed. */
  readonly node?: boolean;
}

const below = ['util', 'protocol', 'machines', 'identify', 'sessions', 'actors'];

/** One row a folder; docs/architecture.md draws it. A folder that has no row fails. */
export const rules: Readonly<Record<string, Rule>> = {
  util: { ours: [], node: true },
  protocol: { ours: [] },
  machines: { ours: ['protocol'], npm: ['xstate'] },
  identify: { ours: ['util', 'protocol', 'machines'], npm: ['xstate'], node: true },
  sessions: { ours: ['util', 'protocol'], node: true },
  actors: {
    ours: ['util', 'protocol', 'machines', 'identify'],
    npm: ['xstate', 'ws', 'minizlib', 'discord-api-types'],
    node: true,
  },
  shard: { ours: below, npm: ['xstate', 'discord-api-types'], node: true },
  manager: { ours: [...below, 'shard'], npm: ['xstate', 'discord-api-types'], node: true },
  // The clients of Redis are loaded by name, and only where they are installed.
  fleet: { ours: [...below, 'shard', 'manager'], npm: ['xstate', 'discord-api-types'], node: true },
  audit: { ours: ['util', 'protocol', 'machines', 'shard'], npm: ['xstate'], node: true },
  inspector: { ours: ['util', 'machines'], npm: ['xstate', 'ws', '@xstate/inspect'], node: true },
  // What it tests must not be made of what is tested: util knows nothing of Discord.
  simulator: { ours: ['util', 'protocol'], npm: ['ws', 'minizlib', 'discord-api-types'], node: true },
  // #page is the page as one module: the build writes it.
  dashboard: { ours: [...below, 'shard', 'manager', 'audit', 'inspector'], npm: ['xstate', '#page'], node: true },
  'dashboard/page': { ours: [] },
  cli: {
    ours: [...below, 'shard', 'manager', 'fleet', 'audit', 'inspector', 'simulator', 'dashboard', 'index'],
    npm: ['commander', 'picocolors', 'discord-api-types'],
    node: true,
  },
  // A door into other libraries: the public face is enough for it, so it is for everyone.
  discordjs: { ours: ['index'], npm: ['discord-api-types'] },
  index: { ours: [...below, 'shard', 'manager', 'audit'] },
};

/** What a row does not say: single files that a folder may import although its rule does not allow the other folder. */
export const exceptions: readonly { readonly from: string; readonly to: string; readonly typesOnly: boolean }[] = [
  { from: 'dashboard', to: 'src/simulator/index.ts', typesOnly: true },
  { from: 'dashboard', to: 'src/simulator/faults/namedFaults.ts', typesOnly: false },
  { from: 'dashboard/page', to: 'src/dashboard/messages.ts', typesOnly: true },
  { from: 'dashboard/page', to: 'src/protocol/decision.ts', typesOnly: true },
];

/** The row of the table a file belongs to. */
export function folderOf(path: string): string {
  if (path === 'src/index.ts') return 'index';
  if (path.startsWith('src/dashboard/page/')) return 'dashboard/page';
  const [top = '', second = ''] = path.split('/');
  return top === 'src' ? second : top;
}
