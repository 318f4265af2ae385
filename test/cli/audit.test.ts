import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkOf, NO_CHECK } from '../../src/audit/checksum.js';
import type { AuditRecord } from '../../src/audit/index.js';
import { createGatewaySimulator, type GatewaySimulator } from '../../src/simulator/index.js';
import type { AuditTotals } from '../../src/cli/commands/audit/totals.js';
import { Command, ESCAPE, MAIN, TOKEN, until } from './command.js';

const A_STORY_MS = 90_000;
const folder = mkdtempSync(join(tmpdir(), 'shardchart-audit-'));
const file = (name: string, text?: string): string => {
  const path = join(folder, name);
  if (text !== undefined) writeFileSync(path, text);
  return path;
};
/** Lines of the log that the demo wrote. */
let story: string[] = [];
let demo = '';
const log = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

/** The same records as the run of another process behind them. */
function runBehind(lines: readonly string[]): string[] {
  const records = lines.map((line) => JSON.parse(line) as AuditRecord);
  const after = records.at(-1)?.check;
  let sum = NO_CHECK;
  return records.map((record) => {
    const line = JSON.stringify({ ...record, ...(record.n === 1 && { after }), check: undefined });
    sum = checkOf(line, sum);
    return `${line.slice(0, -1)},"check":"${sum}"}`;
  });
}

async function audit(...args: string[]) {
  await using command = new Command(['audit', '--utc', ...args]);
  const code = await command.exit;
  return { code, stdout: command.stdout, stderr: command.stderr, lines: command.lines };
}

/** A figure in the demo's own summary. */
const said = (name: string) => new RegExp(`^ +${name}: (\\d+)$`, 'm').exec(demo)?.[1];

const runAt = (simulator: GatewaySimulator, path: string) =>
  new Command(['run', '--url', simulator.url, '--audit', path], { DISCORD_TOKEN: TOKEN });
const isUp = ({ stderr }: Command) => stderr.includes('-> Connected');

beforeAll(async () => {
  await using command = new Command(['demo', '--audit', file('demo.log')]);
  const code = await command.exit;
  demo = command.stdout;
  expect(code, demo).toBe(0);
  story = readFileSync(file('demo.log'), 'utf8').trimEnd().split('\n');
}, A_STORY_MS);

afterAll(() => rmSync(folder, { recursive: true }));

describe('the log of the demo', () => {
  test('is named at the end of the demo, and verifies', async () => {
    expect(demo).toContain(`npx shardchart audit ${file('demo.log')}`);
    const { code, stdout, stderr } = await audit('--verify', file('demo.log'));
    expect(stdout).toBe(`verified: ${story.length} records of 2 shards\n`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('has a timeline and totals with the demo’s own figures, without colours in a pipe', async () => {
    const { code, stdout, stderr, lines } = await audit(file('demo.log'));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toContain(ESCAPE);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(lines[0]).toMatch(/^\w+day \d{4}-\d\d-\d\d, UTC$/);
    expect(lines[1]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {2}shard 0 {2}Offline {6}-> Connecting {4}connect requested$/);
    expect(lines.filter((line) => / -> \w+/.test(line))).toHaveLength(story.length);
    expect(stdout).toMatch(new RegExp(`^ +identifies +${said('identifies')} {2}`, 'm'));
    expect(stdout).toMatch(new RegExp(`^ +resumes +${said('resumes')} {2}`, 'm'));
    expect(stdout).toMatch(/^ +fatal +1$/m);
    expect(stdout).toMatch(/^ +1 {2}zombie: no heartbeat ack between two beats · resume$/m);
  });

  test('is printed with --json as its records, with the totals in the last line', async () => {
    const { code, stderr, lines } = await audit('--json', file('demo.log'));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(lines.slice(0, -1)).toEqual(story);
    const { totals } = JSON.parse(lines.at(-1) ?? '') as { totals: AuditTotals };
    expect(totals).toMatchObject({ records: story.length, identifies: 3, resumes: 4, reconnects: 5, fatal: 1 });
    expect(totals.shards.map(({ shardId }) => shardId)).toEqual([1, 0]);
    expect((await audit('--json', '--totals', file('demo.log'))).lines).toHaveLength(1);
  });

  test('is filtered by shard, state and time', async () => {
    const { at } = JSON.parse(story[4] ?? '') as { at: number };
    const since = new Date(at).toISOString();
    const args = ['--shard', '0,2-9', '--state', 'resuming', '--since', since, '--json', file('demo.log')];
    const { lines } = await audit(...args);
    const records = lines.slice(0, -1).map((line) => JSON.parse(line) as { shardId: number; to: string });
    expect(records).toHaveLength(4);
    expect(new Set(records.map(({ shardId }) => shardId))).toEqual(new Set([0]));
    const none = await audit('--since', '2100-01-01', file('demo.log'));
    expect(none).toMatchObject({ code: 0, stdout: '' });
    expect(none.stderr).toContain(`the filters match none of the ${story.length} records`);
  });

  test('is appended to where it exists, and rotated files are read in order', async () => {
    const twice = file('twice.log', log(story));
    appendFileSync(twice, log(runBehind(story)));
    expect((await audit('--verify', twice)).stdout).toBe(`verified: ${2 * story.length} records of 2 shards\n`);
    expect((await audit(twice)).stdout).toContain('--- a new process ---');
    const later = story.map((line) => line.replace(/"at":\d+/, '"at":1900000000000'));
    const { lines } = await audit('--json', file('b.log', log(later)), file('b.log.1', log(story)));
    expect(lines[0]).toBe(story[0]);
  });
});

describe('a log that is not as it was written', () => {
  test.each<[string, (lines: string[]) => string[], RegExp]>([
    ['edited', (lines) => lines.with(8, (lines[8] ?? '').replace(/"at":\d+/, '"at":1')), /line 9: does not verify/],
    ['shortened', (lines) => lines.toSpliced(8, 1), /line 9: does not verify\n +record 9 is missing/],
    ['swapped', (lines) => lines.with(8, lines[9] ?? '').with(9, lines[8] ?? ''), /line 9: does not verify/],
  ])('%s does not verify, and the place is named', async (name, change, message) => {
    const { code, stdout } = await audit('--verify', file(`${name}.log`, log(change(story))));
    expect(code).toBe(1);
    expect(stdout).toMatch(message);
    const { lines, code: same } = await audit('--verify', '--json', file(`${name}.log`));
    expect(same).toBe(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ ok: false, file: file(`${name}.log`), line: 9, index: 8 });
  });

  test('with a line that is not JSON is shown without it, and does not verify', async () => {
    const damaged = file('damaged.log', log(story.with(5, '{"n":6,"check":"00000000"}')));
    const { code, stdout, stderr } = await audit(damaged);
    expect(code).toBe(0);
    expect(stderr).toMatch(/damaged\.log, line 6 left out: /);
    expect(stdout).toContain('--- records are missing here ---');
    const verdict = await audit('--verify', damaged);
    expect(verdict.code).toBe(1);
    expect(verdict.stdout).toMatch(/does not verify[^]*line 6 of/);
  });

  test('with a last line torn by a kill verifies, with a warning', async () => {
    const torn = file('torn.log', log(story).slice(0, -40));
    for (const args of [[torn], ['--verify', torn]]) {
      const { code, stderr } = await audit(...args);
      expect(code).toBe(0);
      expect(stderr).toMatch(/torn\.log, line \d+ left out: torn, as by a kill/);
    }
  });

  test('of a newer version is shown with a warning', async () => {
    const newer = file('newer.log', log(story.map((line) => line.replace(/"v":\d+/, '"v":99'))));
    const verdict = await audit('--verify', newer);
    expect(verdict).toMatchObject({ code: 1 });
    expect(verdict.stdout).toContain('format 99, written by a newer shardchart');
    expect((await audit('--totals', newer)).stderr).toContain('format 99, written by a newer shardchart');
  });

  test.each([[], ['--json'], ['--totals']])(
    'without a single record ends it with 2 and the reason, %j',
    async (...args) => {
      const other = file('package.json', '{\n  "name": "shardchart"\n}\n');
      expect(await audit(other, ...args)).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining(`${other} is not an audit log: line 1: `) as string,
      });
    },
  );

  test('that is empty has no output and a warning', async () => {
    const empty = file('empty.log', '');
    expect(await audit(empty)).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'shardchart: the log has no records yet\n',
    });
    expect(await audit('--verify', empty)).toEqual({
      code: 0,
      stdout: 'verified: 0 records of 0 shards\n',
      stderr: `shardchart: ${empty} is empty: nothing to verify\n`,
      lines: ['verified: 0 records of 0 shards'],
    });
  });
});

test('a closed pipe ends it with 0 and without an error', async () => {
  const long = file('long.log', log(Array.from({ length: 200 }, () => story).flat()));
  const script = '{ "$0" "$1" audit "$2"; echo "exit $?" >&2; } | head -n 1';
  await using command = new Command(['-c', script, process.execPath, MAIN, long], {}, '/bin/sh');
  expect(await command.exit).toBe(0);
  expect(command.lines).toHaveLength(1);
  expect(command.stderr).toBe('exit 0\n');
});

describe('run --audit', () => {
  test('logs the transitions of the shards until they are down, and no token', async () => {
    await using simulator = await createGatewaySimulator({ token: TOKEN });
    const path = file('run.log');
    await using command = runAt(simulator, path);
    await command.until('Connected', isUp);
    simulator.reset();
    await command.until('a resume', ({ stderr }) => stderr.includes('RESUMED'));
    command.interrupt();
    expect(await command.exit, command.stderr).toBe(0);
    const { code, stdout } = await audit('--verify', path);
    expect(stdout).toMatch(/^verified: \d+ records of 1 shard\n$/);
    expect(code).toBe(0);
    expect((await audit(path)).stdout).toMatch(/Disconnected -> Offline[^]*identifies +1 {2}1 answered/);
    expect(readFileSync(path, 'utf8')).not.toContain(TOKEN);
  });

  test('has every record where a second SIGINT ended the run at once', async () => {
    await using simulator = await createGatewaySimulator();
    const path = file('killed.log');
    await using command = runAt(simulator, path);
    await command.until('Connected', isUp);
    simulator.ignoreClose();
    command.interrupt();
    await until('our close', () => simulator.connections[0]?.closedBy === 'client');
    command.interrupt();
    expect(await command.exit).toBe(130);
    const { lines } = await audit('--json', path);
    expect(lines.map((line) => (JSON.parse(line) as { to?: string }).to).slice(-3, -1)).toEqual([
      'Disconnected',
      'Offline',
    ]);
    expect((await audit('--verify', path)).code).toBe(0);
  });

  test('is complete where the gateway refused the bot', async () => {
    await using simulator = await createGatewaySimulator({ token: 'another' });
    const path = file('refused.log');
    await using command = runAt(simulator, path);
    expect(await command.exit).toBe(1);
    expect((await audit('--verify', path)).code).toBe(0);
    expect((await audit(path)).stdout).toContain('4004 authentication failed · fatal');
  });
});

describe('wrong use', { concurrent: true }, () => {
  test.each([
    ['no file', [], "missing required argument 'files'"],
    ['a missing file', [join(folder, 'none.log')], 'There is no such file'],
    ['a folder', [folder], 'cannot be read'],
    ['a shard that is not a number', ['--shard', 'x', folder], '"x" is not a shard id'],
    ['a time that cannot be read', ['--since', 'noon', folder], '"noon" is not a time'],
    [
      '--verify with a shard and a time',
      ['--verify', '--shard', '0', '--since', '2h', folder],
      'cannot be used with --shard, --since',
    ],
    [
      '--verify with a time and a state',
      ['--verify', '--until', 'now', '--state', 'Resuming', folder],
      'with --until, --state',
    ],
    ['--verify with --totals', ['--verify', '--totals', folder], 'cannot be used with --totals'],
    ['an unknown state', ['--state', 'Ready', folder], 'Disconnected'],
  ])('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await audit(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test.each([['run'], ['demo']])('%s --audit with a file that cannot be written is refused with 2', async (name) => {
    await using command = new Command([name, '--audit', folder], { DISCORD_TOKEN: TOKEN });
    expect(await command.exit).toBe(2);
    expect(command.stderr).toContain('cannot be opened');
  });

  test('--help lists the exit codes, within 80 columns', async () => {
    const { code, stdout, lines } = await audit('--help');
    expect(code).toBe(0);
    expect(stdout).toContain('does not verify');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});
