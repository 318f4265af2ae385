import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../shard/rig.js';
import { commandTo, freePort, RedisServer } from './redisRig.js';

const becomes = async (condition: () => Promise<boolean>) => {
  let is = false;
  await until(() => {
    void condition().then(
      (value) => (is = value),
      () => {},
    );
    return is;
  }, 30_000);
};

/** A server, its replica, and one Sentinel that watches both. */
export async function startSentinel() {
  const main = await RedisServer.start();
  const replica = await RedisServer.start(['--replicaof', '127.0.0.1', String(main.port)]);
  const [port, folder] = [await freePort(), mkdtempSync(join(tmpdir(), 'shardchart-sentinel-'))];
  const file = join(folder, 'sentinel.conf');
  writeFileSync(
    file,
    [
      `port ${port}`,
      'bind 127.0.0.1',
      `sentinel monitor main 127.0.0.1 ${main.port} 1`,
      'sentinel down-after-milliseconds main 500',
      'sentinel failover-timeout main 5000',
    ].join('\n'),
  );
  const child = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const isReplicated = async () =>
    String(await replica.command('INFO', 'replication')).includes('master_link_status:up');
  await becomes(isReplicated);
  await becomes(async () =>
    String(await commandTo(port, 'SENTINEL', 'replicas', 'main')).includes(String(replica.port)),
  );
  return {
    port,
    /** Kills the main server, and waits until the replica has taken its place. */
    async failOver(): Promise<void> {
      await main.kill();
      await becomes(async () => String(await replica.command('ROLE')).startsWith('master'));
    },
    async [Symbol.asyncDispose](): Promise<void> {
      child.kill('SIGKILL');
      await gone;
      await Promise.all([main[Symbol.asyncDispose](), replica[Symbol.asyncDispose]()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
