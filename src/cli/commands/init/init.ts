import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { messageOf } from '../../../util/messageOf.js';
import { ExitCode, UsageError } from '../../exitCode.js';
import { createOutput } from '../../terminal/output.js';
import { templateFiles } from './templateFiles.js';

/** Options of `shardchart init`, as the command line has them. */
export interface InitOptions {
  readonly ts?: boolean;
}

/** `shardchart init`: writes a bot, with tests on the simulator, into a folder that is new or empty. */
export function init(directory: string, { ts = false }: InitOptions): number {
  const root = resolve(directory);
  refuseFull(root, directory);
  const files = templateFiles(ts ? 'typescript' : 'javascript', packageName(root));
  try {
    for (const [path, text] of files) {
      const file = join(root, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text, { flag: 'wx' });
    }
  } catch (error) {
    throw new UsageError(`Cannot write to ${root}: ${messageOf(error)}. Choose another folder.`);
  }
  const { colors, line } = createOutput(process.stdout);
  line(`A bot in ${root}:`);
  for (const path of [...files.keys()].toSorted()) line(`  ${path}`);
  line();
  line('Next:');
  for (const [command, purpose] of nextCommands(root)) line(`  ${command.padEnd(26)}${colors.dim(purpose)}`.trimEnd());
  return ExitCode.Fine;
}

function nextCommands(root: string): (readonly [command: string, purpose: string])[] {
  const below = relative(process.cwd(), root);
  const from = below.startsWith('..') ? root : below;
  return [
    ...(from === '' ? [] : [[`cd ${from.includes(' ') ? JSON.stringify(from) : from}`, ''] as const]),
    ['npm install', ''],
    ['npm test', 'runs the bot on a simulated gateway: no network, no token'],
    ['cp .env.example .env', 'then put the token into .env; README.md says where it is'],
    ['npm start', ''],
  ];
}

/** @throws UsageError for a folder that has a file, so that none is overwritten. A repository without a file is empty. */
function refuseFull(root: string, directory: string): void {
  let entries: string[];
  try {
    entries = readdirSync(root);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    throw new UsageError(`Cannot use ${directory}: ${messageOf(error)}. Choose a folder that is new or empty.`);
  }
  const found = entries.find((name) => name !== '.git');
  if (found === undefined) return;
  throw new UsageError(
    `The folder ${root} is not empty: it has ${found}. Choose a new one, as in: npx shardchart init my-bot`,
  );
}

/** Folder's name as npm takes it for a package. */
function packageName(root: string): string {
  const name = basename(root)
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+/, '')
    .replace(/-+$/, '');
  return name === '' ? 'bot' : name.slice(0, MAX_NAME);
}

/** Longest name that npm takes. */
const MAX_NAME = 214;
