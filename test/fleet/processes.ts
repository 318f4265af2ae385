import { fork, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FleetOptions } from '../../src/fleet/index.js';
import { TOKEN } from '../shard/rig.js';
import { TTL, type Place } from './fleetRig.js';

const program = fileURLToPath(new URL('../programs/fleetWorker.mjs', import.meta.url));
export const isBuilt = existsSync(fileURLToPath(new URL('../../dist/src/fleet/index.js', import.meta.url)));

type Message =
  | { readonly type: 'claimed'; readonly shard: number; readonly resumable: boolean }
  | { readonly type: 'lost'; readonly shard: number; readonly reason: string }
  | { readonly type: 'up'; readonly shard: number; readonly resumed: boolean }
  | { readonly type: 'gap'; readonly shard: number; readonly from: number; readonly to: number }
  | { readonly type: 'event'; readonly shard: number; readonly number: number }
  | { readonly type: 'connected'; readonly ids: readonly number[] };

/** A worker in a process of its own. */
export class WorkerProcess implements AsyncDisposable {
  readonly messages: Message[] = [];
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;

  constructor({ simulator, redis, name }: Place, options: Partial<FleetOptions> = {}) {
    const all = {
      redis: redis.url,
      name,
      token: TOKEN,
      intents: 1,
      api: simulator.apiUrl,
      identifyWindow: 60,
      lease: { ttl: TTL, beat: 200 },
      ...options,
    };
    this.#child = fork(program, [JSON.stringify(all)]);
    this.#child.on('message', (message) => void this.messages.push(message as Message));
    this.#exit = new Promise((resolve) => this.#child.once('exit', resolve));
  }

  of<Type extends Message['type']>(type: Type): Extract<Message, { type: Type }>[] {
    return this.messages.filter((message): message is Extract<Message, { type: Type }> => message.type === type);
  }

  /** Ids of the shards that this worker owns, as far as it has said. */
  get ids(): number[] {
    const ids = new Set<number>();
    for (const message of this.messages) {
      if (message.type === 'claimed') ids.add(message.shard);
      if (message.type === 'lost') ids.delete(message.shard);
    }
    return [...ids].toSorted((a, b) => a - b);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async ended(): Promise<void> {
    await this.#exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGCONT');
    this.#child.kill('SIGKILL');
    await this.#exit;
  }
}
