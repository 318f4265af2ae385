import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const LIMIT_MS = 180_000;
const MOST_LINES = 40;

/** True where a package manager could not reach the registry, which says nothing about the package. */
export const isOutOfReach = (error) =>
  error.isInstallation === true &&
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED .*:443|ETIMEDOUT|ENETUNREACH|ENOTCACHED|code E5\d\d/.test(error.message);

/**
 * Runs a command with an empty input, and resolves with what it printed.
 * @throws Error with the last lines of its output, where it fails or takes longer than `limitMs`.
 */
export function execute(folder, [command, ...args], { env = {}, limitMs = LIMIT_MS } = {}) {
  return new Promise((resolve, reject) => {
    const environment = { ...process.env, ...env };
    // What npm run sets for this process is not a stranger's.
    for (const name of Object.keys(environment)) if (name.startsWith('npm_')) delete environment[name];
    // A group of its own: what the command started ends with it.
    const child = spawn(command, args, {
      cwd: folder,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let output = '';
    let printed = '';
    child.stdout.on('data', (data) => ((printed += data), (output += data)));
    child.stderr.on('data', (data) => (output += data));
    const stop = () => process.kill(-child.pid, 'SIGKILL');
    const timer = setTimeout(stop, limitMs);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) return resolve(printed);
      const end = signal === null ? `exit code ${code}` : `ended by ${signal}; the limit is ${limitMs / 1_000} s`;
      const lines = output.trimEnd().split('\n').slice(-MOST_LINES).join('\n');
      const error = new Error(`${[command, ...args].join(' ')} in ${folder}: ${end}\n${lines}`);
      reject(Object.assign(error, { isInstallation: args[0] === 'install' || args[0] === 'add' }));
    });
  });
}

/** Makes an empty folder, and writes these files in it. */
export function makeFolder(place, name, files = {}) {
  const folder = join(place, name);
  mkdirSync(folder, { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), typeof text === 'string' ? text : JSON.stringify(text));
  }
  return folder;
}

const INSTALL = ['npm', 'install', '--no-audit', '--no-fund', '--fetch-retries=1', '--fetch-timeout=30000'];

/** Installs packages with npm. */
export const npmInstall = (folder, ...packages) => execute(folder, [...INSTALL, ...packages]);

/** What a folder takes on the disk by `du`, in KiB. */
export async function kibOf(folder, path) {
  return Number((await execute(folder, ['du', '-sk', '--apparent-size', path])).split('\t')[0]);
}
