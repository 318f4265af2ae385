import { describe, expect, test } from 'vitest';
import { shardMachine } from '../../machines/index.js';
import { checkNoHang, checkPath, checkShutdown } from './checkShard.js';
import { PathsRig } from './pathsRig.js';
import { inputs, shardPaths } from './shardPaths.js';

const rig = new PathsRig(shardMachine);

describe.each(inputs)('a shard started with %j, in each configuration it can reach', (input) => {
  const paths = shardPaths(input);
  const check = { input, ...rig.check };

  test('each event does what the laws name and nothing else', () => {
    expect(paths.length).toBeGreaterThan(50);
    for (const path of paths) checkPath(path, check);
  });

  test('time alone leads on, unless the shard is down or Connected', () => {
    for (const path of paths) checkNoHang(path, check);
  });

  test('shutdown brings the shard to rest, and nothing leads up again', () => {
    for (const path of paths) checkShutdown(path, check);
  });
});

rig.expectsAll();
