import { describe, expect, test } from 'vitest';
import { createGatewaySimulator, type GatewaySimulator } from '../../src/simulator/index.js';
import { startProxy } from '../shard/proxyRig.js';
import { Command, MAIN, TOKEN, until } from './command.js';

const runAt = (simulator: GatewaySimulator, ...args: string[]) =>
  new Command(['run', '--url', simulator.url, ...args], { DISCORD_TOKEN: TOKEN });

const isUp = ({ stderr }: Command) => stderr.includes('-> Connected');

describe('run', () => {
  test('prints dispatches as JSON lines, transitions on stderr, and SIGINT closes with 1000', async () => {
    await using simulator = await createGatewaySimulator({ token: TOKEN });
    await using command = runAt(simulator);
    await command.until('Connected', isUp);
    simulator.dispatch('MESSAGE_CREATE', { content: 'hello\nthere' });
    await command.until('the message', ({ stdout }) => stdout.includes('MESSAGE_CREATE'));
    command.interrupt();
    expect(await command.exit, command.stderr).toBe(0);
    expect(command.lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { shard: 0, t: 'READY', s: 1 },
      { shard: 0, t: 'MESSAGE_CREATE', s: 2, d: { content: 'hello\nthere' } },
    ]);
    expect(command.stderr).toMatch(/shard 0 {2}Identifying {2}-> Connected/);
    expect(simulator.connections).toMatchObject([{ closedBy: 'client', closeCode: 1000 }]);
    expect(simulator.violations).toEqual([]);
    expect(command.stdout + command.stderr).not.toContain(TOKEN);
  });

  test('the proxy of the environment carries its connection, unless NO_PROXY names the host', async () => {
    await using simulator = await createGatewaySimulator();
    await using proxy = await startProxy();
    const env = { DISCORD_TOKEN: TOKEN, HTTP_PROXY: proxy.url };
    await using through = new Command(['run', '--url', simulator.url], { ...env, NO_PROXY: '' });
    await through.until('Connected', isUp);
    expect(proxy.asked.map(({ target }) => target)).toEqual([new URL(simulator.url).host]);
    await using around = new Command(['run', '--url', simulator.url], { ...env, NO_PROXY: '127.0.0.1' });
    await around.until('Connected', isUp);
    expect(proxy.asked).toHaveLength(1);
    await using wrong = new Command(['run', '--url', simulator.url], { ...env, HTTP_PROXY: 'http://a b' });
    expect(await wrong.exit).toBe(2);
    expect(wrong.stderr).toContain('HTTP_PROXY');
  });

  test('SIGTERM closes with 1000 too', async () => {
    await using simulator = await createGatewaySimulator();
    await using command = runAt(simulator);
    await command.until('Connected', isUp);
    command.child.kill('SIGTERM');
    expect(await command.exit).toBe(0);
    expect(simulator.connections[0]?.closeCode).toBe(1000);
  });

  test('a second SIGINT ends it with 130, though the peer never answers', async () => {
    await using simulator = await createGatewaySimulator();
    await using command = runAt(simulator);
    await command.until('Connected', isUp);
    simulator.ignoreClose();
    command.interrupt();
    await until('our close', () => simulator.connections[0]?.closedBy === 'client');
    command.interrupt();
    expect(await command.exit).toBe(130);
  });

  test('--events filters dispatches, --json writes transitions as JSON, --ids and --intents reach the gateway', async () => {
    await using simulator = await createGatewaySimulator();
    await using command = runAt(
      simulator,
      '--events=TYPING_START',
      '--json',
      '--ids=1',
      '--total=2',
      '--compression=none',
      '--intents=Guilds,GUILD_MESSAGES',
    );
    await command.until('Connected', ({ stderr }) => stderr.includes('"to":"Connected"'));
    expect([...simulator.sessions.values()]).toMatchObject([{ shardId: 1, total: 2, intents: 513 }]);
    simulator.dispatch('MESSAGE_CREATE', {});
    simulator.dispatch('TYPING_START', {});
    await command.until('the event', ({ stdout }) => stdout.includes('TYPING_START'));
    command.interrupt();
    expect(await command.exit).toBe(0);
    expect(command.lines.map((line) => (JSON.parse(line) as { t: string }).t)).toEqual(['TYPING_START']);
    const written = command.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { to?: string; status?: unknown });
    const first = written.find(({ to }) => to !== undefined);
    expect(first).toMatchObject({ shardId: 1, from: 'Offline', to: 'Connecting', event: { type: 'connect' } });
    expect(written.findLast(({ status }) => status !== undefined)).toMatchObject({
      status: {
        moment: 'up',
        state: 'Running',
        total: 2,
        here: 1,
        counts: { Connected: 1 },
        identifies: { waiting: 0 },
      },
    });
    expect(simulator.connections[0]?.compression).toBe('none');
  });

  test('two shards identify one window apart', async () => {
    await using simulator = await createGatewaySimulator();
    await using command = runAt(simulator, '--shards', '2');
    await command.until('both', ({ stderr }) => stderr.match(/-> Connected/g)?.length === 2);
    command.interrupt();
    expect(await command.exit).toBe(0);
    expect(simulator.identifies.map(({ shardId }) => shardId).toSorted()).toEqual([0, 1]);
    expect(simulator.violations).toEqual([]);
  });

  test('a fatal close ends all shards with exit code 1 and advice', async () => {
    await using simulator = await createGatewaySimulator({ token: 'another' });
    await using command = runAt(simulator, '--shards', '2');
    expect(await command.exit).toBe(1);
    expect(command.stderr.match(/4004 authentication failed.*The token is wrong or was reset/g)).toHaveLength(1);
    expect(command.stdout).toBe('');
    expect(command.stderr).not.toContain(TOKEN);
  });

  test('a fatal close of one of many shards has its advice in the last lines, below the ends of all shards', async () => {
    await using simulator = await createGatewaySimulator({ identifyWindow: 0, disallowedIntents: 2 });
    await using command = runAt(
      simulator,
      '--shards',
      '12',
      '--identify-window',
      '0',
      '--intents',
      'Guilds,GuildMembers',
    );
    expect(await command.exit).toBe(1);
    const [advice = ''] = command.stderr.trimEnd().split('\n').slice(-1);
    expect(advice).toMatch(/^shardchart: shard \d+: .*4014 disallowed intents/);
    expect(advice).toContain('Developer Portal');
  });

  test('--identify-window is the time between two identifies', async () => {
    await using simulator = await createGatewaySimulator({ identifyWindow: 0 });
    const startedAt = performance.now();
    await using command = runAt(simulator, '--shards', '4', '--identify-window', '10');
    await command.until('all', ({ stderr }) => stderr.match(/-> Connected/g)?.length === 4);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    command.interrupt();
    expect(await command.exit).toBe(0);
  });

  test('says that the API does not answer, while it asks again', async () => {
    await using simulator = await createGatewaySimulator({
      script: [{ at: 'api', refuse: 503, times: 3 }],
    });
    await using command = new Command(['run', '--shards', 'auto'], {
      DISCORD_TOKEN: TOKEN,
      SHARDCHART_API_URL: simulator.apiUrl,
    });
    await command.until('the shard', isUp);
    expect(command.stderr.match(/has not answered \d times: status 503\. It is asked again\./g)).toHaveLength(1);
    command.interrupt();
    expect(await command.exit).toBe(0);
  });

  test('a token in quotes ends it with 2 and the reason', async () => {
    await using command = new Command(['run'], { DISCORD_TOKEN: `"${TOKEN}"` });
    expect(await command.exit).toBe(2);
    expect(command.stderr).toContain('DISCORD_TOKEN has quotes around it');
    expect(command.stderr).not.toContain(TOKEN);
  });

  test('calls the first attempt that fails attempt 1', async () => {
    await using simulator = await createGatewaySimulator({ script: [{ at: 'upgrade', reset: true, times: 2 }] });
    await using command = runAt(simulator);
    await command.until('Connected', isUp);
    const failed = [...command.stderr.matchAll(/after attempt (\d)/g)].map(([, attempt]) => attempt);
    expect(failed).toEqual(['1', '2']);
    command.interrupt();
    expect(await command.exit).toBe(0);
  });

  test('a closed pipe ends it with 0 and without an error', async () => {
    await using simulator = await createGatewaySimulator();
    const script = '{ "$0" "$1" run --url "$2" --json; echo "exit $?" >&2; } | head -n 1';
    const args = ['-c', script, process.execPath, MAIN, simulator.url];
    await using command = new Command(args, { DISCORD_TOKEN: TOKEN }, '/bin/sh');
    const messages = setInterval(() => simulator.dispatch('MESSAGE_CREATE', { content: 'x' }), 10);
    try {
      expect(await command.exit).toBe(0);
    } finally {
      clearInterval(messages);
    }
    expect(command.lines).toHaveLength(1);
    expect(command.stderr).toMatch(/exit 0\n$/);
    expect(command.stderr).not.toMatch(/EPIPE|Error/);
    expect(simulator.connections[0]?.closeCode).toBe(1000);
  });
});

describe('wrong use', { concurrent: true }, () => {
  test('no token is refused with 2 and a hint', async () => {
    await using command = new Command(['run']);
    expect(await command.exit).toBe(2);
    expect(command.stderr).toContain('DISCORD_TOKEN is not set');
  });

  test.each([
    ['an unknown option', ['run', '--token', TOKEN], "unknown option '--token'"],
    ['an unknown command', ['walk'], "unknown command 'walk'"],
    ['no command', [], 'Usage: shardchart'],
    ['a count that is not a number', ['run', '--shards', 'many'], 'whole number'],
    ['an id above the total', ['run', '--ids', '0,2', '--total', '2'], 'no shard 2 of 2'],
    ['a range of a billion ids', ['run', '--ids', '0-999999999', '--total', '2'], 'no shard 2 of 2'],
    ['a descending range of ids', ['run', '--ids', '3-1', '--total', '4'], '"3-1" is not a shard id'],
    ['more shards than the total', ['run', '--shards', '3', '--total', '2'], 'no shard 2 of 2'],
    [
      'a total of which Discord is asked',
      ['run', '--shards', 'auto', '--total', '2'],
      'either --total or --shards auto',
    ],
    ['auto without an HTTP API', ['run', '--url', 'ws://x', '--shards', 'auto'], 'Set SHARDCHART_API_URL too'],
    ['a reserve without an HTTP API', ['run', '--url', 'ws://x', '--reserve', '5'], 'Set SHARDCHART_API_URL too'],
    ['ids without a total', ['run', '--ids', '0'], '--ids needs --total'],
    ['ids and shards', ['run', '--ids', '0', '--total', '2', '--shards', '1'], 'either --shards or --ids'],
    ['an unknown intent', ['run', '--intents', 'Everything'], 'no intent "Everything"'],
    ['an unknown compression', ['run', '--compression', 'brotli'], 'Allowed choices'],
    ['a URL that is not a WebSocket URL', ['run', '--url', 'http://gateway'], '`url` must be'],
    ['a port above 65535', ['simulate', '--port', '70000'], 'from 0 to 65535'],
  ])('%s', async (_, args, message) => {
    await using command = new Command(args, { DISCORD_TOKEN: TOKEN });
    expect(await command.exit).toBe(2);
    expect(command.stderr).toContain(message);
    expect(command.stderr).not.toMatch(/\n\s+at /);
  });

  test('a token that begins with "Bot " is refused with 2', async () => {
    await using command = new Command(['run'], { DISCORD_TOKEN: `Bot ${TOKEN}` });
    expect(await command.exit).toBe(2);
    expect(command.stderr).toContain('must not begin with "Bot "');
    expect(command.stderr).not.toContain(TOKEN);
  });
});

describe('help', { concurrent: true }, () => {
  test('--version prints the version of package.json', async () => {
    await using command = new Command(['--version']);
    expect(await command.exit).toBe(0);
    expect(command.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('--help lists the environment variables, and run --help has examples', async () => {
    await using general = new Command(['--help']);
    await using ofRun = new Command(['run', '--help']);
    expect([await general.exit, await ofRun.exit]).toEqual([0, 0]);
    expect(general.stdout).toMatch(/Environment:[\s\S]*DISCORD_TOKEN[\s\S]*Exit codes:/);
    expect(ofRun.stdout).toMatch(/Examples:\n {2}DISCORD_TOKEN=… npx shardchart run/);
  });

  test.each(['demo', 'run', 'simulate', 'init'])('%s --help lists the exit codes, within 80 columns', async (name) => {
    await using command = new Command([name, '--help']);
    expect(await command.exit).toBe(0);
    expect(command.stdout).toContain('Exit codes:');
    expect(command.stdout).not.toContain('SHARDCHART_API_URL');
    expect(Math.max(...command.lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});
