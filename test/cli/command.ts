import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const MAIN = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
export const TOKEN = 'MTA4.a-token-to-keep-secret.9xQ';
export const ESCAPE = '\u001B[';

/** The environment without variables that the machine may have set. */
export const plainEnv = {
  ...process.env,
  CI: undefined,
  DISCORD_TOKEN: undefined,
  FORCE_COLOR: undefined,
  NO_COLOR: undefined,
  SHARDCHART_API_URL: undefined,
  SHARDCHART_GATEWAY_URL: undefined,
};

/** Waits until `isSo` returns true. The limit is for a failing test, not for a slow machine. */
export async function until(what: string, isSo: () => boolean, limitMs = 20_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await sleep(5);
  }
}

/** Runs a command on a terminal of 100 columns and 30 rows; stdin is typed there. */
const ON_TERMINAL = [
  '-c',
  'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(["sh", "-c", *sys.argv[1:]])))',
  'stty cols 100 rows 30; exec "$@"',
  'sh',
  process.execPath,
  MAIN,
];

/** The built command on a terminal; `stdout` is everything written there. */
export const onTerminal = (args: readonly string[], env: Readonly<Record<string, string>>): Command =>
  new Command([...ON_TERMINAL, ...args], { TERM: 'xterm', ...env }, 'python3');

/** The built command as a running process. */
export class Command implements AsyncDisposable {
  readonly child: ChildProcessWithoutNullStreams;
  readonly exit: Promise<number | null>;
  stdout = '';
  stderr = '';

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}, program = process.execPath) {
    if (!existsSync(MAIN)) throw new Error('dist is missing: run `npm run build` first');
    const all = program === process.execPath ? [MAIN, ...args] : args;
    this.child = spawn(program, all, { env: { ...plainEnv, ...env } });
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.exit = new Promise((resolve) => this.child.on('close', resolve));
  }

  get lines(): string[] {
    return this.stdout.split('\n').filter((line) => line !== '');
  }

  until(what: string, isSo: (command: this) => boolean): Promise<void> {
    return until(`${what}\nstdout: ${this.stdout}\nstderr: ${this.stderr}`, () => isSo(this));
  }

  interrupt(): void {
    this.child.kill('SIGINT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null) this.child.kill('SIGKILL');
    await this.exit;
  }
}
