import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));

/** Runs the text of a module in a process of its own, in which `shardchart` is this package as it was built. */
export function runProgram(text: string) {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', text], {
    cwd: root,
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { stdout, stderr, status };
}
