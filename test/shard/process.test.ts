import { execFile, fork, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createIdentifyLimiter, createShard } from '../../src/index.js';
import { until } from './rig.js';

const program = (name: string) => fileURLToPath(new URL(`../programs/${name}.mjs`, import.meta.url));
const isBuilt = existsSync(fileURLToPath(new URL('../../dist/src/index.js', import.meta.url)));
if (!isBuilt) console.warn('SKIPPED: tests of whole processes, for dist is not built: npm run build');

describe
  .runIf(isBuilt)
  .concurrent('a process ends by itself, with code 0 and no word of an unhandled rejection, after', () => {
    for (const deed of [
      'shutdown',
      'shutdown while it backs off',
      'shutdown while it connects',
      'shutdown before the peer closes',
      'shutdown while it waits for an identify slot',
      'shutdown with a ping and payloads under way',
      'close',
      'forceClose',
      'forceClose with a ping under way',
      'a fatal close without a listener',
      'a fatal close while connect() waits',
      'a drop with autoReconnect off and no listener',
    ]) {
      it(deed, async () => {
        const { code, errors, endedAfterMs } = await run('shard', deed);
        expect(errors).not.toMatch(/unhandled|ERR_/i);
        expect(code).toBe(0);
        // A timer that is left behind would keep the process for longer.
        expect(endedAfterMs).toBeLessThan(5_000);
      });
    }
  });

describe.runIf(isBuilt).concurrent('a blocked event loop is not a zombie', () => {
  for (const mode of ['alone', 'flood']) {
    it(mode === 'alone' ? 'when only acks wait' : 'when acks wait behind many dispatches', async () => {
      const interval = 200;
      const options = { heartbeatInterval: interval, heartbeatSlack: 10_000, sendLimit: 10_000 };
      const child = fork(program('simulator'), [JSON.stringify(options), mode]);
      const { url } = await answer<{ url: string }>(child);
      const shard = createShard({
        token: 'token',
        intents: 0,
        url,
        identifyLimiter: createIdentifyLimiter({ window: 20 }),
      });
      try {
        const states: string[] = [];
        await shard.connect();
        shard.on('transition', ({ to }) => states.push(to));
        for (let times = 1; times <= 4; times += 1) {
          const acks = shard.heart.acknowledged;
          await until(() => shard.heart.acknowledged > acks && shard.heart.beats >= times);
          block(interval * 2.2 + times * 37);
        }
        const { acknowledged } = shard.heart;
        await until(() => shard.heart.acknowledged > acknowledged + 1);
        expect(states).toEqual([]);
        child.send('report');
        const report = await answer<{ connections: unknown[]; violations: unknown[] }>(child);
        expect(report.connections).toEqual([{ id: 1, open: true, closeCode: null, gatewayCloseCode: null }]);
        expect(report.violations).toEqual([]);
      } finally {
        await shard.shutdown();
        child.send('end');
        await new Promise((resolve) => child.once('exit', resolve));
      }
    });
  }
});

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

function answer<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as T));
    child.once('exit', (code) => reject(new Error(`the simulator ended with ${code}`)));
  });
}

interface Exit {
  readonly code: number | null;
  readonly errors: string;
  /** Milliseconds from the end of what the program did to the end of its process; Infinity where it was never done. */
  readonly endedAfterMs: number;
}

function run(name: string, argument: string): Promise<Exit> {
  let doneAt = -Infinity;
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [program(name), argument], { timeout: 60_000 }, (_error, _out, errors) =>
      resolve({ code: child.exitCode, errors, endedAfterMs: performance.now() - doneAt }),
    );
    child.stdout?.once('data', () => (doneAt = performance.now()));
  });
}
