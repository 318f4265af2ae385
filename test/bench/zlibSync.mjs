// zlib-sync, which the bare loop inflates with, where that is of use.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * True for an addon that ends the process (SIGABRT) once an object of its is collected.
 *
 * Built with the headers of Node 24.19 or 26.4 and later, `node::ObjectWrap` withdraws a clean-up hook when it is
 * collected; Node before 26.4 cannot find what the hook belongs to then.
 *
 * See [nodejs/node#65446](https://github.com/nodejs/node/issues/65446) and
 * [nodejs/node#65262](https://github.com/nodejs/node/issues/65262).
 */
export function abortsWhenCollected(addon, nodeVersion) {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  const findsTheHook = major > 26 || (major === 26 && minor >= 4);
  return !findsTheHook && addon.includes('RemoveEnvironmentCleanupHook');
}

// The bare loop's zlib-sync, not that of the peers here.
const require = createRequire(new URL('../../package.json', import.meta.url));

function load() {
  try {
    return require('zlib-sync');
  } catch {
    return null;
  }
}

/** The addon that was built at installation; empty where a package under that name brings its addon another way. */
function builtAddon() {
  try {
    return readFileSync(join(dirname(require.resolve('zlib-sync')), 'build/Release/zlib_sync.node'));
  } catch {
    return Buffer.alloc(0);
  }
}

function choose() {
  const { node } = process.versions;
  const zlibSync = load();
  if (zlibSync === null) return { zlibSync, zlibSyncFlaw: 'zlib-sync is not installed' };
  if (!abortsWhenCollected(builtAddon(), node)) return { zlibSync, zlibSyncFlaw: '' };
  return {
    zlibSync: null,
    zlibSyncFlaw: `zlib-sync would abort this process, for Node ${node} has a bug (https://github.com/nodejs/node/issues/65446)`,
  };
}

/** zlib-sync, null where it cannot be used; and why not. */
export const { zlibSync, zlibSyncFlaw } = choose();
