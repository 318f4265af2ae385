// Not `* as zlib`, of which webpack imports each member by its name, also what this Node does not have.
import zlib from 'node:zlib';
import { InflateReader, MOST_TEXT_BYTES } from './sharedReader.js';
import { InflateRegions } from './regions.js';
import { ZlibContext, type SharedInflate } from './zlibContext.js';
import type * as MinizlibStreams from './minizlibStreams.js';
import type { Inflater } from './zlibStream.js';

export type { Inflater, SharedInflate };

export type Compression = 'zlib-stream' | 'zstd-stream' | 'payload' | 'none';

/** How zlib-stream is inflated: by our own WebAssembly, or by minizlib where a process may not use that. */
export type ZlibImplementation = 'wasm' | 'minizlib';

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

let minizlib: typeof MinizlibStreams | null = null;

const needsMinizlib = (compression: Compression, implementation: ZlibImplementation) =>
  compression === 'zstd-stream' ||
  (compression === 'zlib-stream' && (implementation === 'minizlib' || sharedInflate() instanceof Error));

/** Loads minizlib where inflaters of this kind need it: few processes do. To be awaited once before `createInflater`. */
export async function loadInflater(
  compression: Compression,
  implementation: ZlibImplementation = 'wasm',
): Promise<void> {
  if (minizlib === null && needsMinizlib(compression, implementation)) minizlib = await import('./minizlibStreams.js');
}

/** Creates the inflater of a connection. */
export function createInflater(compression: Compression, implementation: ZlibImplementation = 'wasm'): Inflater {
  if (needsMinizlib(compression, implementation)) {
    if (minizlib === null) throw new Error(`loadInflater('${compression}') must have been awaited`);
    return compression === 'zstd-stream' ? new minizlib.ZstdStream() : new minizlib.MinizlibStream();
  }
  if (compression === 'zlib-stream') return new ZlibContext(sharedInflate() as SharedInflate);
  // Without a transport compression a binary frame is one zlib-compressed payload.
  return {
    push: (frame) => zlib.inflateSync(frame, { maxOutputLength: MOST_TEXT_BYTES }),
    rest: () => {},
    close: () => {},
  };
}
