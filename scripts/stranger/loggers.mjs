import { execute, makeFolder, npmInstall } from './execute.mjs';

/** Logs what a shard does into an array of lines of JSON, with both loggers, and checks the fields of the first line. */
const program = `
  import { Writable } from 'node:stream';
  import { pino } from 'pino';
  import winston from 'winston';
  import { createShard } from 'shardchart';
  import { createGatewaySimulator } from 'shardchart/simulator';

  const collect = (lines) => new Writable({ write: (line, _, done) => (lines.push(JSON.parse(line)), done()) });
  const ofPino = [];
  const ofWinston = [];
  const stream = collect(ofWinston);
  const loggers = {
    pino: pino(collect(ofPino)),
    winston: winston.createLogger({ format: winston.format.json(), transports: [new winston.transports.Stream({ stream })] }),
  };
  const simulator = await createGatewaySimulator({ identifyWindow: 0 });
  for (const logger of Object.values(loggers)) {
    const shard = createShard({ token: 'simulated', intents: 1, url: simulator.url, logger });
    await shard.connect();
    await shard.shutdown();
  }
  await simulator.close();
  const fields = { shard: 0, event: 'connect', from: 'Offline', to: 'Connecting' };
  for (const [line, text] of [[ofPino[0], 'Offline -> Connecting'], [ofWinston[0], 'shard 0: Offline -> Connecting']]) {
    const isRight = Object.entries(fields).every(([name, value]) => line?.[name] === value) && [line.msg, line.message].includes(text);
    if (!isRight) throw new Error(JSON.stringify(line));
  }
`;

export const checks = {
  'pino and winston get fields': async ({ place, tarball }) => {
    const folder = makeFolder(place, 'loggers', { 'package.json': { private: true }, 'loggers.mjs': program });
    await npmInstall(folder, tarball, 'xstate', 'pino@10', 'winston@3');
    await execute(folder, ['node', 'loggers.mjs'], { limitMs: 30_000 });
  },
};
