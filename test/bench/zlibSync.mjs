// zlib-sync, which the bare loop inflates with, where that is of use: as shards load it.
import { loadZlibSync } from '../../dist/src/actors/inflate/zlibSync.js';

const loaded = loadZlibSync();

/** zlib-sync, null where it cannot be used; and why not. */
export const zlibSync = typeof loaded === 'string' ? null : loaded;
export const zlibSyncFlaw = typeof loaded === 'string' ? loaded : '';
