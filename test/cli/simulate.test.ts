import { expect, test } from 'vitest';
import { Command, TOKEN } from './command.js';

const urlOf = ({ stdout }: Command) => /ws:\/\/[\d.:]+/.exec(stdout)?.[0] ?? '';
const apiOf = ({ stdout }: Command) => /http:\/\/[\d.:]+\/api\/v10/.exec(stdout)?.[0] ?? '';

test('serves the API and ends on SIGINT', async () => {
  await using command = new Command(['simulate', '--shards', '3', '--max-concurrency', '2']);
  await command.until('the welcome', ({ stdout }) => stdout.includes('Ctrl+C'));
  const answer = await fetch(`${apiOf(command)}/gateway/bot`, { headers: { authorization: `Bot ${TOKEN}` } });
  expect(await answer.json()).toMatchObject({
    url: urlOf(command),
    shards: 3,
    session_start_limit: { max_concurrency: 2 },
  });
  await command.until('the request', ({ stdout }) => stdout.includes('GET /api/v10/gateway/bot: 200'));
  command.interrupt();
  expect(await command.exit).toBe(0);
  expect(command.stderr).toBe('');
  expect(command.stdout).not.toContain(TOKEN);
});

test('prints what happens to a bot, and applies faults from stdin', async () => {
  await using simulator = new Command(['simulate', '--interactive', '--dispatch-every', '20']);
  await simulator.until('the welcome', ({ stdout }) => stdout.includes('Ctrl+C'));
  await using bot = new Command(['run', '--events', 'MESSAGE_CREATE'], {
    DISCORD_TOKEN: TOKEN,
    SHARDCHART_GATEWAY_URL: urlOf(simulator),
  });
  await bot.until('a message', ({ stdout }) => stdout.includes('"content":"message'));
  const { d } = JSON.parse(bot.lines[0] ?? '') as { d: Record<string, unknown> };
  expect(d).toMatchObject({
    guild_id: expect.stringMatching(/^\d+$/),
    author: { username: 'somebody' },
    member: {},
    timestamp: expect.stringMatching(/^20/),
  });
  simulator.child.stdin.write('dorp\ndrop 0\n');
  await bot.until('the resume', ({ stderr }) => /Resuming +-> Connected/.test(stderr));
  simulator.child.stdin.write('drop 7\nclose 4004\n');
  expect(await bot.exit).toBe(1);
  await simulator.until('the close', ({ stdout }) => stdout.includes('closed by the gateway with 4004'));
  simulator.interrupt();
  expect(await simulator.exit).toBe(0);
  for (const text of [
    'connected to /',
    '-> IDENTIFY',
    '<- READY',
    'There is no fault "dorp"',
    'fault {"reset":true}',
    'closed by the gateway without a close frame',
    'connected to /resume',
    '-> RESUME',
    '<- RESUMED',
    'drop: there is no connection to apply it to',
  ]) {
    expect(simulator.stdout).toContain(text);
  }
  expect(simulator.stdout).not.toContain('VIOLATION');
  expect(simulator.stdout).not.toContain(TOKEN);
});

test('--json writes lines of JSON', async () => {
  await using command = new Command(['simulate', '--json', '--port', '0']);
  await command.until('the first line', ({ lines }) => lines.length > 0);
  const [listening] = command.lines.map((line) => JSON.parse(line) as { kind: string; apiUrl: string });
  expect(listening).toMatchObject({ kind: 'listening', url: urlOf(command) });
  await fetch(`${listening?.apiUrl}/gateway`);
  await command.until('the request', ({ lines }) => lines.length > 1);
  expect(JSON.parse(command.lines[1] ?? '')).toMatchObject({ kind: 'api', path: '/api/v10/gateway', outcome: 200 });
  command.interrupt();
  expect(await command.exit).toBe(0);
});

test('a port in use ends it with 2 and the reason, as it ends dashboard', async () => {
  await using first = new Command(['simulate']);
  await first.until('the welcome', ({ stdout }) => stdout.includes('Ctrl+C'));
  const { port } = new URL(urlOf(first));
  const ends = await Promise.all(
    [['simulate'], ['dashboard', '--simulator']].map(async (args) => {
      await using second = new Command([...args, '--port', port]);
      return [await second.exit, second.stderr];
    }),
  );
  const message = `shardchart: Port ${port} is in use by another program. Choose another, or port 0, which takes any free one.\n`;
  expect(ends).toEqual([
    [2, message],
    [2, message],
  ]);
});
