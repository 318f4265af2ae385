import { expect, test } from 'vitest';
import { createIdentifyLimiter } from '../../src/index.js';
import { serveDashboard } from '../../src/dashboard/index.js';
import { shardOn, simulate, TOKEN, until } from '../shard/rig.js';
import { ask, post, watching } from './rig.js';

/** The bot's own data and received events must not be visible either. */
const PRESENCE = 'planted in a presence';
const MESSAGE = 'planted in a message';
const QUERY = 'planted-in-a-query';
const EVENT = 'planted in an event';

test('no answer and no stream holds a token, a whole session id, a resume URL or a payload', async () => {
  await using simulator = await simulate({ heartbeatInterval: 100, heartbeatSlack: 5_000 });
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);
  await using shard = shardOn(simulator, {
    url: `${simulator.url}/?key=${QUERY}`,
    presence: { activities: [{ name: PRESENCE, type: 0 }], status: 'online', since: null, afk: false },
    identifyLimiter: createIdentifyLimiter({ window: 50 }),
  });
  await using dashboard = serveDashboard(shard, {
    controls: true,
    simulator,
    logger: { debug: log, info: log, warn: log, error: log },
  });
  await dashboard.ready;
  using viewer = await watching(dashboard.url, '0');
  await shard.connect();
  const sessions = [shard.session];
  simulator.dispatch('MESSAGE_CREATE', { content: MESSAGE });
  await shard.updatePresence({ activities: [{ name: PRESENCE, type: 0 }], status: 'idle', since: null, afk: false });
  shard.actor.send({ type: 'unknown.to.the.chart', secret: EVENT } as never);
  const answers = [await post(dashboard.url, '/shards/0/faults/drop'), await post(dashboard.url, '/shards/0/faults/x')];
  await until(() => shard.stats.resumes === 1);
  await post(dashboard.url, '/shards/0/commands/reinstantiate');
  await until(() => shard.stats.identifies === 2 && shard.state === 'Connected');
  sessions.push(shard.session);
  await until(() => viewer.last('shard')?.live?.stats.identifies === 2);
  using late = await watching(dashboard.url, '0');
  for (const path of ['/', '/setup', '/events/', '/page/main.js', '/nothing', `/${TOKEN}`]) {
    answers.push(await ask(dashboard.url, path));
  }
  simulator.closeWith(4004);
  await until(() => shard.state === 'Offline' && viewer.incidents.some(({ action }) => action === 'fatal'));
  answers.push(await post(dashboard.url, '/shards/0/commands/connect'));
  const said = [viewer.text, late.text, ...lines, ...answers.map((answer) => JSON.stringify(answer))].join('\n');
  const secrets = sessions.flatMap((session) => [session?.id, session?.resumeUrl]);
  for (const secret of [TOKEN, PRESENCE, MESSAGE, QUERY, EVENT, '/resume', ...secrets]) {
    expect(secret, 'planted').toEqual(expect.any(String));
    expect(said, `${secret}`).not.toContain(secret);
  }
  // Proves that the text contains the sessions at all.
  for (const session of sessions) expect(said).toContain(`"id":"${session?.id.slice(0, 6)}…"`);
  expect(said).toContain('"event":"gateway.ready"');
});
