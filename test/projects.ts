import { readdirSync } from 'node:fs';

/** A part of the tests that can be run on its own: `npm run test:fast`, `test:real`, `test:proof`. */
export interface TestProject {
  readonly name: string;
  /** Seconds that the project alone takes on two cores; measured, and printed when a run starts. */
  readonly seconds: number;
  /** Milliseconds after which a test has hung. Generous: a stalled machine is no failure of a test. */
  readonly timeoutMs: number;
  /** Folders of test/, and test files that lie loose in it without their ending. */
  readonly parts: readonly string[];
}

export const testProjects: readonly TestProject[] = [
  {
    // No process, no browser, and few sockets: the charts and the parts below them.
    name: 'fast',
    seconds: 40,
    timeoutMs: 60_000,
    parts: [
      'actors',
      'audit',
      'identify',
      'imports',
      'machines',
      'prose',
      'protocol',
      'sideDoors',
      'simulator',
      'util',
    ],
  },
  {
    // Real sockets, files, processes and a real browser.
    name: 'real',
    seconds: 360,
    timeoutMs: 120_000,
    parts: [
      'bench',
      'browser',
      'cli',
      'dashboard',
      'discordjs',
      'docs',
      'fleet',
      'fuzz',
      'inspector',
      'manager',
      'package',
      'sessions',
      'shard',
      'soak',
      'thrownValues',
      'visualizations',
    ],
  },
  {
    // Every path through every chart, one in 32 mutants, the types, and the compiled inflater.
    name: 'proof',
    seconds: 90,
    timeoutMs: 300_000,
    parts: ['model', 'mutation', 'types', 'wasm'],
  },
];

/** Files of tests, relative to the package's root. */
const isTest = (file: string) => /\.test(-d)?\.ts$/.test(file);

/** The part of test/ that a file belongs to: its folder, or its own name where it lies loose. */
const partOf = (file: string) => file.split('/')[1]?.replace(/\.test(-d)?\.ts$/, '') ?? '';

/**
 * The test files of each project, by the project's name.
 *
 * @throws Error where a file belongs to no project or to several, so that no test is left out and none is run twice.
 */
export function filesOfProjects(root: URL): ReadonlyMap<string, string[]> {
  const files = new Map(testProjects.map(({ name }) => [name, [] as string[]]));
  const all = readdirSync(new URL('test/', root), { recursive: true, encoding: 'utf8' });
  for (const file of all.map((path) => `test/${path}`).filter(isTest)) {
    const owners = testProjects.filter(({ parts }) => parts.includes(partOf(file)));
    const [owner, second] = owners;
    if (owner === undefined) throw new Error(`${file} is in no project. Add "${partOf(file)}" to test/projects.ts.`);
    if (second !== undefined) throw new Error(`${file} is in two projects: ${owner.name} and ${second.name}.`);
    files.get(owner.name)?.push(file);
  }
  return files;
}
