import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { DashboardError } from '../errors.js';
import { messageOf } from '../../util/messageOf.js';

const CHARTS = ['lifecycle', 'shard', 'heartbeat', 'bucket', 'identifyQueue', 'manager'];

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
};

export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
}

/** The page's files by request path. A request's path is only looked up, never used on the disk. */
export type PageFiles = ReadonlyMap<string, PageFile>;

/**
 * Reads each file once; all requests share the bytes.
 * @throws DashboardError `CANNOT_LOAD`
 */
export async function loadPageFiles(): Promise<PageFiles> {
  // Resolved by the package's own name, which works from src and from dist.
  const root = dirname(createRequire(import.meta.url).resolve('shardchart/package.json'));
  const page = join(root, 'src/dashboard/page');
  try {
    const ours = [
      ['/', join(page, 'index.html')] as const,
      ...(await inFolder(join(root, 'dist/src/dashboard/page'), /\.js$/)),
      ...(await inFolder(page, /\.(css|svg)$/)),
      ...CHARTS.map((name) => [`/charts/${name}.svg`, join(root, 'visualizations', `${name}.svg`)] as const),
    ];
    return new Map(await Promise.all(ours.map(async ([path, file]) => [path, await load(file)] as const)));
  } catch (cause) {
    const message = `The page's files are missing (${messageOf(cause)}). Install shardchart again.`;
    throw new DashboardError('CANNOT_LOAD', message, { cause });
  }
}

const load = async (file: string): Promise<PageFile> => ({
  type: TYPES[extname(file)] as string,
  body: await readFile(file),
});

async function inFolder(folder: string, wanted: RegExp): Promise<(readonly [string, string])[]> {
  const names = await readdir(folder);
  return names.filter((name) => wanted.test(name)).map((name) => [`/page/${name}`, join(folder, name)] as const);
}
