import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execute, makeFolder, npmInstall } from './execute.mjs';

/** The first block of code of the README: the bot. It connects to the URL in GATEWAY. */
function botOf(root) {
  const bot = /```js\n(.*?)```/s.exec(readFileSync(join(root, 'README.md'), 'utf8'))[1];
  const simulated = bot.replace('createShard({ ', 'createShard({ url: process.env.GATEWAY, ');
  // A bot that were left as it is would connect to Discord.
  if (simulated === bot) throw new Error('The bot of the README does not call createShard({ … }) in one line.');
  return simulated;
}

/** Runs the bot against a simulator until it has answered: the requests to Discord go to `fetch`, which is replaced. */
const stage = `
  import { createGatewaySimulator } from 'shardchart/simulator';
  const simulator = await createGatewaySimulator();
  process.env.DISCORD_TOKEN = 'simulated';
  process.env.GATEWAY = simulator.url;
  const answered = new Promise((resolve) => {
    globalThis.fetch = async (url, { body }) => (resolve(body), new Response('{}'));
  });
  await import('./bot.mjs');
  simulator.dispatch('MESSAGE_CREATE', simulator.message({ content: '!ping' }));
  if ((await answered) !== JSON.stringify({ content: 'pong' })) throw new Error('The bot did not answer with pong.');
  process.emit('SIGINT');
  await simulator.close();
`;

let prepared = null;
function prepare({ root, place, tarball }) {
  prepared ??= (async () => {
    // What npm init -y makes is CommonJS: the README says bot.mjs.
    const folder = makeFolder(place, 'readme', {
      'bot.mjs': botOf(root),
      'stage.mjs': stage,
    });
    await execute(folder, ['npm', 'init', '-y']);
    await npmInstall(folder, tarball, 'xstate');
    return folder;
  })();
  return prepared;
}

async function project(context, name, ...options) {
  const folder = await prepare(context);
  await execute(folder, ['npx', 'shardchart', 'init', name, ...options]);
  const made = join(folder, name);
  // The version it asks for may not be published yet.
  await npmInstall(made, context.tarball);
  await execute(made, ['npm', 'test']);
}

export const checks = {
  'README: npx shardchart demo': async (context) =>
    void (await execute(await prepare(context), ['npx', 'shardchart', 'demo'])),
  'README: the bot answers !ping': async (context) =>
    void (await execute(await prepare(context), ['node', 'stage.mjs'], { limitMs: 30_000 })),
  'README: npx shardchart init, and the tests of what it wrote': (context) => project(context, 'my-bot'),
  'README: npx shardchart init --ts, and the tests of what it wrote': (context) =>
    project(context, 'my-ts-bot', '--ts'),
};
