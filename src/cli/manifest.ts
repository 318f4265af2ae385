import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

// Resolved by the package's own name, which works from src and from dist.
const require = createRequire(import.meta.url);
const MANIFEST = 'shardchart/package.json';

/** Fields of the package's `package.json` that commands read. */
export interface Manifest {
  readonly version: string;
  readonly peerDependencies: { readonly xstate: string };
}

export const readManifest = (): Manifest => require(MANIFEST) as Manifest;

/** Path of a file or folder of the package. */
export const packagePath = (path: string): string => join(dirname(require.resolve(MANIFEST)), path);
