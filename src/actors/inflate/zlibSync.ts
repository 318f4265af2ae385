import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { constants } from 'node:zlib';
import { ZlibStream } from './zlibStream.js';

/** One stream of zlib-sync. */
interface Inflate {
  push(data: Buffer, flush: number): void;
  readonly err: number;
  readonly msg: string | null;
  readonly result: Buffer | string | null;
}

interface ZlibSync {
  readonly Inflate: new (options: { readonly chunkSize: number }) => Inflate;
}

/** A message without content makes no progress (Z_BUF_ERROR), which is no fault of the stream. */
const HEALTHY: ReadonlySet<number> = new Set([constants.Z_OK, constants.Z_STREAM_END, constants.Z_BUF_ERROR]);

const CHUNK_BYTES = 65_536;

/** zlib-sync, or why it cannot be used here. */
export function loadZlibSync(): ZlibSync | string {
  loaded ??= load();
  return loaded;
}

let loaded: ZlibSync | string | null = null;

function load(): ZlibSync | string {
  try {
    const require = createRequire(import.meta.url);
    const entry = require.resolve('zlib-sync');
    const { node } = process.versions;
    if (abortsWhenCollected(addonOf(entry), node)) {
      return `zlib-sync would abort this process: Node ${node} has a bug (https://github.com/nodejs/node/issues/65446)`;
    }
    return require(entry) as ZlibSync;
  } catch {
    return 'zlib-sync is not installed: npm install zlib-sync';
  }
}

/** The addon that was built at installation; empty where a package under that name brings it another way. */
function addonOf(entry: string): Buffer {
  try {
    return readFileSync(join(dirname(entry), 'build/Release/zlib_sync.node'));
  } catch {
    return Buffer.alloc(0);
  }
}

/**
 * True for an addon that ends the process (SIGABRT) once an object of its is collected.
 *
 * Built with the headers of Node 24.19 or 26.4 and later, `node::ObjectWrap` withdraws a clean-up hook when it is collected;
 * Node before 26.4 cannot find what the hook belongs to then. See
 * [nodejs/node#65446](https://github.com/nodejs/node/issues/65446).
 */
export function abortsWhenCollected(addon: Buffer, nodeVersion: string): boolean {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  const findsTheHook = major > 26 || (major === 26 && minor >= 4);
  return !findsTheHook && addon.includes('RemoveEnvironmentCleanupHook');
}

/** zlib-stream by zlib-sync. */
export class ZlibSyncStream extends ZlibStream {
  readonly #inflate: Inflate;

  constructor({ Inflate: Stream }: ZlibSync) {
    super();
    this.#inflate = new Stream({ chunkSize: CHUNK_BYTES });
  }

  protected inflate(message: Buffer): Buffer {
    const stream = this.#inflate;
    stream.push(message, constants.Z_SYNC_FLUSH);
    if (!HEALTHY.has(stream.err)) throw new Error(stream.msg || `zlib error ${stream.err}`);
    const { result } = stream;
    return typeof result === 'string' ? Buffer.from(result) : (result ?? Buffer.alloc(0));
  }

  rest(): void {}

  close(): void {}
}
