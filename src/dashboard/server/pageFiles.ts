import { extname } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import { DashboardError } from '../errors.js';
import { messageOf } from '../../util/messageOf.js';

const TYPES: Readonly<Record<string, string>> = {
  '': 'text/html',
  '.css': 'text/css',
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
 * Loads the page's files, which are a module of their own: nothing but a dashboard loads it, and a bundler takes it along.
 * @throws DashboardError `CANNOT_LOAD`
 */
export async function loadPageFiles(): Promise<PageFiles> {
  try {
    const { page } = await import('#page');
    const json = await promisify(brotliDecompress)(Buffer.from(page, 'base64'));
    const files = Object.entries(JSON.parse(json.toString()) as Record<string, string>);
    return new Map(files.map(([path, text]) => [path, { type: typeOf(path), body: Buffer.from(text) }]));
  } catch (cause) {
    const message = `The page's files are missing (${messageOf(cause)}). Install shardchart again; in a checkout, run npm run build.`;
    throw new DashboardError('CANNOT_LOAD', message, { cause });
  }
}

const typeOf = (path: string) => TYPES[extname(path)] as string;
