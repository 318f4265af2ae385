import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

interface Soak {
  readonly faults: number;
  readonly dispatches: number;
  readonly lost: number;
  readonly doubled: number;
  readonly identifies: number;
  readonly sessionsLost: number;
  readonly connections: number;
  readonly violations: readonly string[];
  readonly struck: Readonly<Record<string, number>>;
}

/** Runs `npm run soak` with a gateway in another process. */
async function soak(...args: string[]): Promise<{ code: number; stderr: string; result: Soak }> {
  const program = fileURLToPath(new URL('soak.mjs', import.meta.url));
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: code as number, stderr, result: JSON.parse(stdout || '{}') as Soak };
}

test('300 random resumable faults over zlib-stream, faster than a shard recovers: 0 lost, 0 doubled, 1 IDENTIFY a shard', async () => {
  const { code, stderr, result } = await soak('--faults', '300', '--seed', '1', '--shards', '4');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(result).toMatchObject({ lost: 0, doubled: 0, identifies: 4, sessionsLost: 0, violations: [] });
  expect(result.faults).toBeGreaterThanOrEqual(300);
  expect(result.dispatches).toBeGreaterThan(0);
  // More faults than connections: the next one came before a shard was back.
  expect(result.connections).toBeLessThan(result.faults);
  expect(Object.keys(result.struck).length).toBeGreaterThan(15);
});
