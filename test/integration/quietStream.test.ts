import { randomBytes } from 'node:crypto';
import { queryObjects } from 'node:v8';
import { expect, onTestFinished, test } from 'vitest';
import { zlibSync } from '../../src/actors/zlibSyncAddon.js';
import { MinizlibInflate, ZlibSyncInflate } from '../../src/actors/rawInflate.js';
import { shardOn, simulate, until } from './harness.js';

const Inflate = zlibSync === null ? MinizlibInflate : ZlibSyncInflate;

/** Those that connections have, and those that nobody has. */
const inflaters = () => queryObjects(Inflate, { format: 'count' });

/** Random bytes, as text: more than is kept of a stream in place of an inflater. */
const much = () => randomBytes(8_000).toString('hex');

/** More than the inflaters that nobody has: one reads for all that bring little, sixteen are kept for others. */
const SHARDS = 20;
const NOBODYS = 17;

test('connections let their inflaters go once only acknowledgements come, and hear the next event as ever', async () => {
  const simulator = await simulate({ heartbeatInterval: 200, heartbeatSlack: 20_000, maxConcurrency: SHARDS });
  onTestFinished(() => simulator.close());
  const sent: string[] = [];
  const heard: unknown[][] = [];
  const transitions: unknown[] = [];
  const shards = Array.from({ length: SHARDS }, (_, id) => {
    const shard = shardOn(simulator, { id, total: SHARDS });
    heard[id] = [];
    shard.on('MESSAGE_CREATE', ({ content }) => heard[id]!.push(content));
    return shard;
  });
  const dispatch = async (content: string) => {
    sent.push(content);
    simulator.dispatch('MESSAGE_CREATE', { content });
    await until(() => heard.every(({ length }) => length === sent.length));
  };
  await Promise.all(shards.map((shard) => shard.connect()));
  for (const shard of shards) shard.on('transition', ({ to }) => transitions.push(to));

  for (const round of [1, 2, 3]) {
    const long = much();
    await dispatch(long);
    await dispatch('and more');
    expect(inflaters()).toBeGreaterThanOrEqual(SHARDS);
    await until(() => inflaters() <= NOBODYS);
    // What came before the rest is still referred to.
    await dispatch(`${round}: ${long} again`);
  }

  expect(heard).toEqual(shards.map(() => sent));
  expect(JSON.stringify(transitions)).not.toContain('disconnected');
  await Promise.all(shards.map((shard) => shard.shutdown()));
}, 30_000);
