import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Command, plainEnv } from './command.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string;
  peerDependencies: Record<string, string>;
};

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'shardchart-init-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs `shardchart init` and resolves with its exit code and output. */
async function init(...args: string[]) {
  await using command = new Command(['init', ...args]);
  const exit = await command.exit;
  return { exit, stdout: command.stdout, stderr: command.stderr };
}

/** Test run of a bot, in the language's own way. */
const npmTest = (folder: string) => run('npm', ['test'], { cwd: folder, env: plainEnv, timeout: 100_000 });

describe('init', () => {
  test('writes a bot into a new folder, and says the next commands', async () => {
    const folder = join(emptyFolder(), 'My Bot');
    const { exit, stdout, stderr } = await init(folder);
    expect([exit, stderr]).toEqual([0, '']);
    expect(readdirSync(folder).toSorted()).toEqual([
      '.env.example',
      '.gitignore',
      'README.md',
      'package.json',
      'src',
      'test',
    ]);
    for (const command of ['npm install', 'npm test', 'cp .env.example .env', 'npm start'])
      expect(stdout).toContain(`  ${command}`);
    const written = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
    expect(written).toMatchObject({
      name: 'my-bot',
      dependencies: { shardchart: `^${manifest.version}`, xstate: manifest.peerDependencies['xstate'] },
      scripts: { start: 'node --env-file=.env src/main.js' },
    });
    expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toMatch(/^\.env$/m);
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toMatch(/^# my-bot\n/);
  });

  test('takes a folder that has nothing but .git', async () => {
    const folder = emptyFolder();
    mkdirSync(join(folder, '.git'));
    expect((await init(folder, '--ts')).exit).toBe(0);
    expect(readdirSync(join(folder, 'src')).toSorted()).toEqual(['bot.ts', 'main.ts']);
  });

  test('refuses a folder that is not empty with exit code 2, and writes nothing', async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    const { exit, stderr } = await init(folder);
    expect(exit).toBe(2);
    expect(stderr).toContain('is not empty: it has notes.txt. Choose a new one');
    expect(readdirSync(folder)).toEqual(['notes.txt']);
  });

  test('refuses a file in place of a folder with exit code 2', async () => {
    const file = join(emptyFolder(), 'file');
    writeFileSync(file, '');
    const { exit, stderr } = await init(file);
    expect(exit).toBe(2);
    expect(stderr).toContain('Choose a folder that is new or empty');
  });
});

describe('the bot that init writes', () => {
  test.each([
    ['JavaScript', []],
    ['TypeScript', ['--ts']],
  ])('in %s passes its own tests without network', async (_language, options) => {
    const folder = emptyFolder();
    await init(folder, ...options);
    const modules = join(folder, 'node_modules');
    mkdirSync(join(modules, '.bin'), { recursive: true });
    for (const name of readdirSync(join(root, 'node_modules')).filter((each) => !each.startsWith('.')))
      symlinkSync(join(root, 'node_modules', name), join(modules, name));
    symlinkSync(root, join(modules, 'shardchart'));
    symlinkSync(join(root, 'node_modules/.bin/tsc'), join(modules, '.bin/tsc'));
    expect((await npmTest(folder)).stdout).toMatch(/fail 0/);
  });

  test('without a token ends at npm start with 1 and the reason', async () => {
    const folder = emptyFolder();
    await init(folder);
    const main = readFileSync(join(folder, 'src/main.js'), 'utf8').replace(
      "import { createBot } from './bot.js';\n",
      '',
    );
    writeFileSync(join(folder, 'src/main.js'), main);
    await using command = new Command([join(folder, 'src/main.js')], {}, 'node');
    expect(await command.exit).toBe(1);
    expect(command.stderr).toBe('There is no token. Put it into the file .env: DISCORD_TOKEN=…\n');
  });

  test('is installed from the registry and the packed package, and passes its tests', async ({ skip }) => {
    const folder = emptyFolder();
    try {
      await run('npm', ['ping'], { timeout: 20_000 });
    } catch {
      skip('the registry cannot be reached');
    }
    const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
      cwd: root,
    });
    const tarball = /[\w.-]+\.tgz/.exec(stdout)?.[0] ?? '';
    const bot = join(folder, 'bot');
    await init(bot);
    await run('npm', ['install', '--no-audit', '--no-fund', join(folder, tarball)], { cwd: bot, timeout: 100_000 });
    expect((await npmTest(bot)).stdout).toMatch(/fail 0/);
  });
});
