// Programs of a stranger, which each check runs where it installed the package.

const entries = (manifest) =>
  Object.keys(manifest.exports)
    .filter((path) => path !== './package.json')
    .map((path) => path.replace('.', 'shardchart'));

/** Imports and requires each entry, and ends with an error where the two differ. */
export const everyEntry = (manifest) => `
  import { createRequire } from 'node:module';
  const require = createRequire(import.meta.url);
  for (const entry of ${JSON.stringify(entries(manifest))}) {
    const imported = await import(entry);
    const required = require(entry);
    for (const name of Object.keys(imported)) if (imported[name] !== required[name]) throw new Error(entry + ' has two of ' + name);
    if (Object.keys(imported).length === 0) throw new Error(entry + ' exports nothing');
  }
`;

/** Connects two shards to a simulator, serves the dashboard, and gets the page and a script of it. The URL is the first argument. */
export const bot = `
  import { createShardManager } from 'shardchart';
  import { serveDashboard } from 'shardchart/dashboard';

  async function main() {
    const limit = { total: 1_000, remaining: 1_000, reset_after: 0, max_concurrency: 2 };
    const manager = createShardManager({
      token: 'simulated',
      intents: 513,
      total: 2,
      gatewayInfo: { url: process.argv[2], shards: 2, session_start_limit: limit },
    });
    const dashboard = serveDashboard(manager);
    await dashboard.ready;
    await manager.connect();
    const page = await (await fetch(dashboard.url)).text();
    const script = await fetch(new URL('page/main.js', dashboard.url));
    const states = [...manager.shards.values()].map(({ state }) => state);
    await dashboard.stop();
    await manager.shutdown();
    const result = [...states, page.includes('/page/main.js'), script.status].join(' ');
    if (result !== 'Connected Connected true 200') throw new Error(result);
    console.log('connected, and the page was served');
  }
  void main();
`;

/** Starts a simulator, runs each file of its arguments with its URL, and fails where one does. */
export const againstSimulator = `
  import { spawn } from 'node:child_process';
  import { once } from 'node:events';
  import { createGatewaySimulator } from 'shardchart/simulator';

  const simulator = await createGatewaySimulator({ maxConcurrency: 2 });
  for (const file of process.argv.slice(2)) {
    const child = spawn(process.execPath, [file, simulator.url], { stdio: 'inherit', timeout: 30_000 });
    const [code, signal] = await once(child, 'exit');
    if (code !== 0) {
      console.error(file + ' ended with ' + (code ?? signal));
      process.exitCode = 1;
    }
  }
  await simulator.close();
`;
