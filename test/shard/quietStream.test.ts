import { randomBytes } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { sharedInflate, type SharedInflate } from '../../src/actors/inflate/createInflater.js';
import { shardOn, simulate, until } from './rig.js';

/** How many streams have a region of memory. */
const regions = () => (sharedInflate() as SharedInflate).regions.size;

/** Random bytes, as text: more than is kept of a stream in place of a region. */
const much = () => randomBytes(8_000).toString('hex');

const SHARDS = 20;

test('connections give their memory back once only acknowledgements come, and hear the next event as ever', async () => {
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
    expect(regions()).toBe(SHARDS);
    await until(() => regions() === 0);
    // What came before the rest is still referred to.
    await dispatch(`${round}: ${long} again`);
  }

  expect(heard).toEqual(shards.map(() => sent));
  expect(JSON.stringify(transitions)).not.toContain('disconnected');
  await Promise.all(shards.map((shard) => shard.shutdown()));
}, 30_000);
