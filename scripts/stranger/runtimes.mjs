import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execute, makeFolder, npmInstall } from './execute.mjs';

/** Messages before and after the connection is reset. */
const MESSAGES = { before: 20, missed: 10 };

/** A bot that is done once it has heard all messages in order, over a reset. Its process must end by itself. */
const BOT = `
import { createShard } from 'shardchart';
const shard = createShard({ token: 'runtime', intents: 1, url: process.env.GATEWAY, compression: 'zlib-stream' });
const heard = [];
let replayed = 0;
shard.on('resumed', (resume) => (replayed = resume.replayed));
const all = new Promise((resolve) => {
  shard.on('MESSAGE_CREATE', ({ content }) => {
    heard.push(Number(content));
    if (heard.length === ${MESSAGES.before + MESSAGES.missed}) resolve();
  });
});
await shard.connect();
await all;
await shard.send({ op: 4, d: { guild_id: '1', channel_id: null, self_mute: false, self_deaf: false } });
await shard.shutdown();
console.log(JSON.stringify({ heard, replayed, state: shard.state }));
`;

async function installBot({ place, tarball }, name, ...packages) {
  const folder = makeFolder(place, name, { 'package.json': { private: true, type: 'module' } });
  await npmInstall(folder, tarball, 'xstate', ...packages);
  writeFileSync(join(folder, 'bot.mjs'), BOT);
  return folder;
}

/** The simulator runs in this process, the bot in the other runtime. */
async function play(folder, command) {
  const { createGatewaySimulator } = await import('../../dist/lib/simulator.js');
  const simulator = await createGatewaySimulator({ token: 'runtime' });
  try {
    let sent = 0;
    const say = (count) => {
      for (const end = sent + count; sent < end;)
        simulator.dispatch('MESSAGE_CREATE', { content: String((sent += 1)) });
    };
    const isUp = () => simulator.connections.some(({ open, sessionId }) => open && sessionId !== null);
    const acted = (async () => {
      while (!isUp()) await new Promise((resolve) => setTimeout(resolve, 20));
      say(MESSAGES.before);
      await new Promise((resolve) => setTimeout(resolve, 200));
      simulator.reset();
      say(MESSAGES.missed);
    })();
    const output = await execute(folder, command, { env: { ...process.env, GATEWAY: simulator.url } });
    await acted;
    const { heard, replayed, state } = JSON.parse(output.trim().split('\n').at(-1));
    const ops = simulator.connections.flatMap(({ frames }) => frames).map(({ op }) => op);
    const count = (op) => ops.filter((other) => other === op).length;
    const wrong = [
      heard.some((number, index) => number !== index + 1) && `heard ${heard}`,
      replayed < MESSAGES.missed && `only ${replayed} messages were replayed`,
      state !== 'Offline' && `ended ${state}`,
      count(2) !== 1 && `${count(2)} identifies`,
      count(4) !== 1 && `${count(4)} payloads of the bot`,
      simulator.violations.length > 0 && JSON.stringify(simulator.violations),
    ].filter((flaw) => flaw !== false);
    if (wrong.length > 0) throw new Error(wrong.join('; '));
  } finally {
    await simulator.close();
  }
}

/** npm's packages of Node have the program of one platform each. */
const nodes = ['20', '22', '24', '26'].map((version) => [
  `Node ${version}: a bot connects, resumes, receives, sends and ends`,
  async (context) => {
    const program = `node-${process.platform}-${process.arch}`;
    const folder = await installBot(context, `node-${version}`, `${program}@${version}`);
    const node = `node_modules/${program}/bin/node`;
    await play(folder, [node, 'bot.mjs']);
    return (await execute(folder, [node, '--version'])).trim();
  },
]);

async function other(context, runtime, installer, ...args) {
  const folder = await installBot(context, runtime, runtime);
  // npm runs no script of a package that its user has not allowed; this one puts the program in its place.
  await execute(folder, ['node', `node_modules/${runtime}/${installer}`]);
  const program = `node_modules/.bin/${runtime}`;
  await play(folder, [program, ...args, 'bot.mjs']);
  await execute(folder, [program, ...args, 'node_modules/shardchart/dist/lib/cli.js', 'demo']);
}

export const checks = {
  ...Object.fromEntries(nodes),
  'Bun: the same, and the demo with its simulator': (context) => other(context, 'bun', 'install.js'),
  'Deno: the same, and the demo with its simulator': (context) => other(context, 'deno', 'install.cjs', 'run', '-A'),
};
