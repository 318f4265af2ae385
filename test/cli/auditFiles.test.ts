import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { warnOfSkipped } from '../../src/cli/commands/audit/warn.js';
import { Log } from './auditRecords.js';
import { Command, MAIN } from './command.js';

const folder = mkdtempSync(join(tmpdir(), 'shardchart-audit-files-'));
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const text = ({ records }: Log): string => records.map((record) => `${JSON.stringify(record)}\n`).join('');

async function exit(command: Command) {
  await using running = command;
  const code = await running.exit;
  return { code, stdout: running.stdout, stderr: running.stderr };
}
const shell = (script: string) => exit(new Command(['-c', script, process.execPath, MAIN, folder], {}, '/bin/sh'));
const verify = (...args: string[]) => exit(new Command(['audit', '--verify', ...args]));

afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

describe('a pipe', () => {
  const first = text(new Log().up(0).drop(1_000));
  file('first.log', first);
  file('second.log', text(new Log().up(60_000).drop(61_000)));

  test('is read to its end, with a warning about a torn last line', async () => {
    file('torn.log', `${first}{"v":1,`);
    const { code, stdout, stderr } = await shell(
      'mkfifo "$2/one"; cat "$2/torn.log" > "$2/one" & "$0" "$1" audit --totals "$2/one"',
    );
    expect(stderr).toMatch(/one, line 8 left out: torn, as by a kill/);
    expect(stdout).toMatch(/reconnects +1$/m);
    expect(code).toBe(0);
  });

  test('is read once, and several pipes in the order given', async () => {
    const { code, stdout } = await shell(`cd "$2"; mkfifo a b; cat first.log > a & cat second.log > b &
      "$0" "$1" audit --totals a b`);
    expect(stdout).toMatch(/identifies +2 [^]*reconnects +2$/m);
    expect(code).toBe(0);
  });
});

describe('--verify', () => {
  test.each<[string, string | Uint8Array]>([
    ['garbage', 'garbage'],
    ['empty lines', '\n\n'],
    ['zeros', new Uint8Array(4_096)],
    ["a zip's head", new Uint8Array([0x50, 0x4b, 3, 4, 20, 0, 0, 0, 8, 0])],
  ])('of a file of %s reports that it has no record, and fails', async (_, content) => {
    const path = file('none.log', content);
    const { code, stdout, stderr } = await verify(path);
    expect(stdout).toMatch(/none\.log, line 1: does not verify\n +the file has no record/);
    expect(stderr).toContain(`${path} has no record: nothing to verify`);
    expect(code).toBe(1);
    expect(JSON.parse((await verify('--json', path)).stdout)).toMatchObject({ ok: false, file: path, line: 1 });
  });
});

test('80 000 lines that are not records are warned of once for each file and reason', () => {
  const said: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => said.push(String(line)) > 0);
  const skipped = Array.from({ length: 80_000 }, (_, index) => ({
    file: index % 2 === 0 ? 'a.log' : 'b.log',
    line: index + 1,
    reason: 'it is not JSON',
  }));
  warnOfSkipped({ skipped, skippedCount: 80_005, torn: [] });
  expect(said).toEqual([
    'shardchart: a.log, line 1 and 39999 more left out: it is not JSON\n',
    'shardchart: b.log, line 2 and 39999 more left out: it is not JSON\n',
    'shardchart: and 5 more lines left out\n',
  ]);
});
