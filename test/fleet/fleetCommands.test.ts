import { describe, expect, test } from 'vitest';
import { FleetCommands, type FleetCommandsDeps } from '../../src/fleet/commands/fleetCommands.js';
import { NotRunError, workerLost } from '../../src/fleet/commands/workerLost.js';
import type { Shard } from '../../src/shard/shard.js';
import { ShardError } from '../../src/util/errors.js';
import { createGatewaySimulator } from '../../src/simulator/index.js';
import { sentBy, until } from '../shard/rig.js';
import { workerOn } from './fleetRig.js';
import { isBuilt, WorkerProcess } from './processes.js';
import { hasRedis, RedisServer } from './redisRig.js';

type Request = FleetCommandsDeps['courier']['request'];

/** Commands of the worker `w-1/abc`, with what stands around it scripted. */
function commandsOf(deps: Partial<Omit<FleetCommandsDeps, 'courier'>> & { readonly request?: Request }) {
  const requests: unknown[][] = [];
  const { request = () => Promise.resolve('done'), ...rest } = deps;
  const commands = new FleetCommands({
    courier: {
      request: (to, name, args, signal) => {
        requests.push([to, name, ...args]);
        return request(to, name, args, signal);
      },
    },
    ownerOf: () => Promise.resolve('w-2/abc'),
    local: () => undefined,
    owner: 'w-1/abc',
    stopped: () => null,
    ...rest,
  });
  return { commands, requests };
}

const unreachable = () => Promise.reject(new Error('Redis was asked.'));
const payload = { op: 3, d: {} };

describe('commands to a shard of a fleet', () => {
  test('a shard that runs here is commanded here, and Redis is not asked', async () => {
    const sent: unknown[] = [];
    const shard = { send: (value: unknown) => Promise.resolve(void sent.push(value)) } as unknown as Shard;
    const { commands } = commandsOf({ local: () => shard, ownerOf: unreachable });
    await commands.run(1, 'send', payload);
    expect(sent).toEqual([payload]);
  });

  test('the options of a command cross to its worker, and the signal stays here', async () => {
    const { signal } = new AbortController();
    const { commands, requests } = commandsOf({});
    await expect(commands.run(1, 'send', payload, { priority: true, signal })).resolves.toBe('done');
    expect(requests).toEqual([['w-2/abc', 'shard', 1, 'send', payload, { priority: true }]]);
  });

  test('a command that its worker has not run goes to the next owner of the shard', async () => {
    const owners = ['w-2/abc', 'w-3/abc'];
    const { commands, requests } = commandsOf({
      ownerOf: () => Promise.resolve(owners.shift() ?? null),
      request: (to) => (to === 'w-2/abc' ? Promise.reject(new NotRunError(to)) : Promise.resolve('done')),
    });
    await expect(commands.run(1, 'send', payload)).resolves.toBe('done');
    expect(requests.map(([to]) => to)).toEqual(['w-2/abc', 'w-3/abc']);
  });

  test.each(['CLOSED', 'NOT_OWNED', 'NOT_CONNECTED'] as const)(
    'a command that the shard refuses with %s, because it moves, goes to its next owner',
    async (code) => {
      const refusals = [new ShardError(code, 'Elsewhere.')];
      const { commands, requests } = commandsOf({
        request: () => {
          const refusal = refusals.shift();
          return refusal === undefined ? Promise.resolve('done') : Promise.reject(refusal);
        },
      });
      await expect(commands.run(1, 'send', payload)).resolves.toBe('done');
      expect(requests).toHaveLength(2);
    },
  );

  test('a command that a lost worker may have run is not sent a second time', async () => {
    const { commands, requests } = commandsOf({ request: (to) => Promise.reject(workerLost(to)) });
    await expect(commands.run(1, 'send', payload)).rejects.toMatchObject({ code: 'WORKER_LOST', value: 'w-2/abc' });
    expect(requests).toHaveLength(1);
  });

  test('a command whose shard no worker owns waits, and ends with the signal’s reason', async () => {
    const abort = new AbortController();
    let asked = 0;
    const { commands } = commandsOf({ ownerOf: () => Promise.resolve(((asked += 1), null)) });
    const waiting = commands.run(1, 'send', payload, { signal: abort.signal });
    waiting.catch(() => {});
    await until(() => asked > 2);
    abort.abort(new Error('Changed my mind.'));
    await expect(waiting).rejects.toThrow('Changed my mind.');
  });

  test('a command that waits for an owner ends when this worker goes down', async () => {
    let closed: ShardError | null = null;
    let asked = 0;
    const { commands } = commandsOf({
      ownerOf: () => Promise.resolve(((asked += 1), null)),
      stopped: () => closed,
    });
    const waiting = commands.run(1, 'send', payload);
    waiting.catch(() => {});
    await until(() => asked > 1);
    closed = new ShardError('NOT_CONNECTED', 'Down.');
    await expect(waiting).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
  });

  test.each([
    ['a shard that does not run here', [1, 'send', payload, {}], 'NOT_OWNED'],
    ['a shard id that is a text', ['1', 'send', payload, {}], 'NOT_OWNED'],
  ])('a command of another worker to %s is refused', async (_, args, code) => {
    const { commands } = commandsOf({});
    await expect(commands.runHere(args, new AbortController().signal)).rejects.toMatchObject({ code });
  });

  test('a command of another worker that this release does not know is refused with its name', async () => {
    const { commands } = commandsOf({ local: () => ({}) as Shard });
    const { signal } = new AbortController();
    for (const name of ['dance', 'constructor', 'shutdown']) {
      await expect(commands.runHere([1, name], signal)).rejects.toMatchObject({ code: 'INVALID_OPTION', value: name });
    }
  });
});

describe.runIf(hasRedis && isBuilt)('commands to a worker that dies', () => {
  test('send() to a shard whose worker was killed with -9 leaves by the worker that takes the shard over', async () => {
    await using redis = await RedisServer.start();
    await using simulator = await createGatewaySimulator({ identifyWindow: 50, shards: 2, sendLimit: 10_000 });
    const place = { simulator, redis, name: 'bot' };
    await using second = new WorkerProcess(place, { worker: 'w-2', capacity: 1 });
    await until(() => second.of('up').length === 1, 30_000);
    await using first = workerOn(place, { worker: 'w-1' });
    await first.connect();
    const [away] = second.ids;
    second.signal('SIGKILL');
    await second.ended();
    await first.send(away as number, { op: 3, d: { since: null, activities: [], status: 'idle', afk: false } });
    await until(() => sentBy(simulator, 3).length === 1);
    expect(first.ids).toEqual([0, 1]);
  });
});
