import { chooseZlib, zlibFlaw, type Compression, type ZlibImplementation } from '../actors/inflate/createInflater.js';
import { ShardError } from '../util/errors.js';
import { refuse } from '../util/options.js';

const IMPLEMENTATIONS: ReadonlySet<unknown> = new Set(['wasm', 'zlib-sync', 'minizlib']);

/**
 * The implementation that the option `zlib` asks for.
 * @throws ShardError `INVALID_OPTION`; `UNSUPPORTED_COMPRESSION` for one that this process cannot use
 */
export function checkZlib(compression: Compression, zlib: unknown = 'auto'): ZlibImplementation {
  if (zlib === 'auto') return compression === 'zlib-stream' ? chooseZlib() : 'minizlib';
  if (!IMPLEMENTATIONS.has(zlib)) refuse('zlib', zlib, "'auto', 'wasm', 'zlib-sync' or 'minizlib'");
  const flaw = compression === 'zlib-stream' ? zlibFlaw(zlib as ZlibImplementation) : null;
  if (flaw === null) return zlib as ZlibImplementation;
  throw new ShardError('UNSUPPORTED_COMPRESSION', `\`zlib: '${String(zlib)}'\`: ${flaw}. Or leave it out: 'auto'.`, {
    value: zlib,
  });
}
