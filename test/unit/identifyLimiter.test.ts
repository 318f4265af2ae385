import { describe, expect, test } from 'vitest';
import { createIdentifyLimiter, ShardError } from '../../src/index.js';
import { describeIdentifyLimiter } from './identifyLimiter.conformance.js';

describeIdentifyLimiter('the identify limiter of one process', {
  create: createIdentifyLimiter,
  grantLifetimeMs: 5_000,
});

describe('its options', () => {
  test.each([
    { maxConcurrency: 0 },
    { maxConcurrency: 1.5 },
    { maxConcurrency: Number.NaN },
    { window: -1 },
    { window: Infinity },
    { window: Number.NaN },
  ])('%o: refused, by name', (options) => {
    const [name = ''] = Object.keys(options);
    expect(() => createIdentifyLimiter(options)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(name) as string }),
    );
    expect(() => createIdentifyLimiter(options)).toThrow(ShardError);
  });

  test('window 0 lets every one pass', async () => {
    const limiter = createIdentifyLimiter({ window: 0 });
    const { signal } = new AbortController();
    for (let shardId = 0; shardId < 5; shardId += 1) {
      expect(await (await limiter.acquire(shardId, { signal })).commit()).toBe(true);
    }
  });
});
