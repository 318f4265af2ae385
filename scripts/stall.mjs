// Runs tests on a machine that stalls: `npm run test:stall [test file or folder ...]`. Every other second or so all processes of
// the run, or one of them, are stopped for half a second, as a busy virtual machine does. No test may depend on a shorter window.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** On average. */
const EVERY_MS = 1_500;
const STALL_MS = 500;

const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
// Detached: a process group of its own has the workers and whatever the tests start.
const run = spawn(process.execPath, [vitest, 'run', ...process.argv.slice(2)], { stdio: 'inherit', detached: true });
const exited = new Promise((resolve) => run.once('exit', (code) => resolve(code ?? 1)));
const end = new AbortController();
void exited.then(() => end.abort());

/** Ids of the processes in the run's group; Linux only, elsewhere none. */
function members() {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return ids.map(Number).filter((id) => {
    try {
      // The command's name may have spaces and brackets; the group is the third field behind it.
      return Number(readFileSync(`/proc/${id}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[2]) === run.pid;
    } catch {
      return false;
    }
  });
}

function signal(target, name) {
  try {
    process.kill(target, name);
  } catch (error) {
    // A process may end between two signals.
    if (error.code !== 'ESRCH') throw error;
  }
}

process.once('SIGINT', () => signal(-run.pid, 'SIGINT'));
for (let stall = 0; !end.signal.aborted; stall += 1) {
  await sleep(2 * EVERY_MS * Math.random(), undefined, end).catch(() => {});
  const others = process.platform === 'linux' ? members() : [];
  const one = others[Math.floor(Math.random() * others.length)];
  const target = stall % 2 === 0 || one === undefined ? -run.pid : one;
  signal(target, 'SIGSTOP');
  await sleep(STALL_MS);
  signal(target, 'SIGCONT');
}
process.exitCode = await exited;
