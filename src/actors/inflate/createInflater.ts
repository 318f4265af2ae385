// Not `* as zlib`, of which webpack imports each member by its name, also what this Node does not have.
import zlib from 'node:zlib';
import { InflateReader, MOST_TEXT_BYTES } from './sharedReader.js';
import { InflateRegions } from './regions.js';
import { ZlibContext, type SharedInflate } from './zlibContext.js';
import type * as MinizlibStreams from './minizlibStreams.js';
import type { Inflater } from './zlibStream.js';
import { loadZlibSync, ZlibSyncStream } from './zlibSync.js';

export type { Inflater, SharedInflate };

export type Compression = 'zlib-stream' | 'zstd-stream' | 'payload' | 'none';

/** How zlib-stream is inflated: by our own WebAssembly, by zlib-sync, or by minizlib, which runs Node's own zlib. */
export type ZlibImplementation = 'wasm' | 'zlib-sync' | 'minizlib';

/** Whether this Node has zstd: 22.15 and 24 do. */
export const hasZstd = 'createZstdDecompress' in zlib;

let shared: SharedInflate | Error | null = null;

/** What the streams of this process share, or why they cannot: `--jitless`, or a limit to the addresses of a process. */
export function sharedInflate(): SharedInflate | Error {
  if (shared !== null) return shared;
  try {
    return (shared = { regions: new InflateRegions(), reader: new InflateReader() });
  } catch (error) {
    return (shared = error as Error);
  }
}

/** The best that this process can use: WebAssembly, else zlib-sync where it is installed and sound, else minizlib. */
export function chooseZlib(): ZlibImplementation {
  if (!(sharedInflate() instanceof Error)) return 'wasm';
  return typeof loadZlibSync() === 'string' ? 'minizlib' : 'zlib-sync';
}

/** Says why this process cannot use an implementation; null where it can. */
export function zlibFlaw(implementation: ZlibImplementation): string | null {
  if (implementation === 'minizlib') return null;
  const found = implementation === 'wasm' ? sharedInflate() : loadZlibSync();
  if (typeof found === 'string') return found;
  return found instanceof Error ? `WebAssembly cannot be used here (${found.message})` : null;
}

let minizlib: typeof MinizlibStreams | null = null;

const needsMinizlib = (compression: Compression, implementation: ZlibImplementation) =>
  compression === 'zstd-stream' || (compression === 'zlib-stream' && implementation === 'minizlib');

/** Loads minizlib where inflaters of this kind need it: few processes do. To be awaited once before `createInflater`. */
export async function loadInflater(
  compression: Compression,
  implementation: ZlibImplementation = chooseZlib(),
): Promise<void> {
  if (minizlib === null && needsMinizlib(compression, implementation)) minizlib = await import('./minizlibStreams.js');
}

/** Creates the inflater of a connection. */
export function createInflater(compression: Compression, implementation: ZlibImplementation = chooseZlib()): Inflater {
  if (needsMinizlib(compression, implementation)) {
    if (minizlib === null) throw new Error(`loadInflater('${compression}') must have been awaited`);
    return compression === 'zstd-stream' ? new minizlib.ZstdStream() : new minizlib.MinizlibStream();
  }
  if (compression === 'zlib-stream') {
    if (implementation === 'wasm') return new ZlibContext(sharedInflate() as SharedInflate);
    const zlibSync = loadZlibSync();
    if (typeof zlibSync === 'string') throw new Error(zlibSync);
    return new ZlibSyncStream(zlibSync);
  }
  // Without a transport compression a binary frame is one zlib-compressed payload.
  return {
    push: (frame) => zlib.inflateSync(frame, { maxOutputLength: MOST_TEXT_BYTES }),
    rest: () => {},
    close: () => {},
  };
}
