import { describe, expect, test } from 'vitest';
import { createGatewaySimulator } from '../../src/simulator/index.js';
import { Command, ESCAPE, TOKEN, until } from './command.js';

const A_STORY_MS = 90_000;

describe('the story on the simulator', { concurrent: true }, () => {
  test(
    'meets all expectations in a pipe, without colours, and ends with 0',
    async () => {
      // CI must not turn a pipe into a terminal.
      await using command = new Command(['demo'], { CI: 'true' });
      expect(await command.exit, command.stdout + command.stderr).toBe(0);
      expect(command.stderr).toBe('');
      expect(command.stdout).not.toContain(ESCAPE);
      expect(command.stdout).toMatch(/^ +transitions: \d+$/m);
      expect(command.stdout).toMatch(/^ +resumes: 4$/m);
      expect(command.stdout).toMatch(/^ +identifies: 3$/m);
      expect(command.stdout).toMatch(/^ +events delivered: \d{3}$/m);
      expect(command.stdout).toMatch(/^ +lost: 0$/m);
      expect(command.stdout).toMatch(/^ +doubled: 0$/m);
      expect(command.stdout).toMatch(/Enable [\s\S]*on the Bot page of the Developer Portal/);
      expect(command.stdout).toMatch(/^All \d+ expectations met\.$/m);
      expect(command.stdout).not.toContain('✗');
      const seconds = Number(/time: ([\d.]+)s$/m.exec(command.stdout)?.[1]);
      expect(seconds).toBeGreaterThan(3);
      expect(seconds).toBeLessThan(30);
      expect(Math.max(...command.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    },
    A_STORY_MS,
  );

  test(
    'has colours with FORCE_COLOR, and loses no message',
    async () => {
      await using command = new Command(['demo'], { FORCE_COLOR: '1' });
      expect(await command.exit, command.stdout + command.stderr).toBe(0);
      expect(command.stdout).toContain(`${ESCAPE}33mDisconnected`);
      expect(command.stdout).toContain('lost: 0');
    },
    A_STORY_MS,
  );

  test('ends with 130 at SIGINT', async () => {
    await using command = new Command(['demo']);
    await command.until('a transition', ({ stdout }) => stdout.includes('-> Connecting'));
    command.interrupt();
    expect(await command.exit).toBe(130);
    expect(command.stdout).not.toContain('Summary');
  });
});

describe('with DISCORD_TOKEN', () => {
  test('one shard connects to the gateway, and SIGINT ends it with a summary', async () => {
    await using simulator = await createGatewaySimulator({ token: TOKEN, guilds: [{ id: '1', name: 'a guild' }] });
    await using command = new Command(['demo'], { DISCORD_TOKEN: TOKEN, SHARDCHART_GATEWAY_URL: simulator.url });
    await command.until('Connected', ({ stdout }) => stdout.includes('-> Connected'));
    expect(simulator.identifies).toMatchObject([{ shardId: 0, total: 1 }]);
    command.interrupt();
    expect(await command.exit, command.stderr).toBe(0);
    expect(command.stdout).toMatch(/^ +identifies: 1$/m);
    expect(command.stdout).toMatch(/^ +READY: 1$/m);
    expect(command.stdout).toMatch(/^GUILD_CREATE: 1$|^ +GUILD_CREATE: 1$/m);
    expect(simulator.connections[0]).toMatchObject({ closedBy: 'client', closeCode: 1000 });
    expect(simulator.violations).toEqual([]);
    expect(command.stdout + command.stderr).not.toContain(TOKEN);
  });

  test('a refused token ends it with 1 and advice, and is not printed', async () => {
    await using simulator = await createGatewaySimulator({ token: 'another' });
    await using command = new Command(['demo'], { DISCORD_TOKEN: TOKEN, SHARDCHART_GATEWAY_URL: simulator.url });
    expect(await command.exit).toBe(1);
    expect(command.stdout).toContain('4004 authentication failed');
    expect(command.stdout.replaceAll(/\s+/g, ' ')).toContain('Copy a new one from the Bot page');
    expect(command.stdout + command.stderr).not.toContain(TOKEN);
  });

  test('an unreachable gateway is reported at each attempt; SIGINT still ends it', async () => {
    await using command = new Command(['demo'], { DISCORD_TOKEN: TOKEN, SHARDCHART_GATEWAY_URL: 'ws://127.0.0.1:9' });
    await command.until('a refusal', ({ stdout }) => stdout.includes('-> Disconnected'));
    command.interrupt();
    expect(await command.exit).toBe(0);
    await until('the end', () => command.child.exitCode !== null);
  });
});
