// A worker of the demo's fleet: `shardchart fleet` in a process of its own, followed by its lines of JSON.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

export class WorkerProcess {
  /** Ids of the shards that it owns, and of those that are Connected here. */
  owned = new Set();
  up = new Set();
  /** Shards that came up by RESUME, and by IDENTIFY, since `forget`. */
  resumed = [];
  identified = [];
  /** Shards that another worker has taken from it. */
  taken = [];

  constructor(name, { redis, api, token }) {
    this.name = name;
    const args = [main, 'fleet', '--name', 'demo', '--worker', name, '--publish', '--identify-window', '120', '--json'];
    const env = { ...process.env, DISCORD_TOKEN: token, SHARDCHART_API_URL: api, SHARDCHART_REDIS_URL: redis };
    this.child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    this.exit = new Promise((resolve) => this.child.once('exit', resolve));
    createInterface({ input: this.child.stderr }).on('line', (line) => this.#take(JSON.parse(line)));
  }

  forget() {
    this.resumed = [];
    this.identified = [];
    this.taken = [];
  }

  #take({ message, shardId, from, to }) {
    if (message !== undefined) return this.#takeMessage(message);
    if (shardId === undefined) return;
    if (to === 'Connected') {
      this.up.add(shardId);
      (from === 'Resuming' ? this.resumed : this.identified).push(shardId);
    } else this.up.delete(shardId);
  }

  #takeMessage(message) {
    const [, id, what] = /^shard (\d+) is (run here|given|taken)/.exec(message) ?? [];
    if (id === undefined) return;
    if (what === 'run here') this.owned.add(Number(id));
    else this.owned.delete(Number(id));
    if (what === 'taken') this.taken.push(Number(id));
  }
}
