import { access, readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { DashboardError } from './errors.js';

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

/** The files of the page, by the paths they are asked for. Which there are is settled once: what is asked for is never made a path. */
export class Files {
  readonly #files: ReadonlyMap<string, string>;

  private constructor(files: ReadonlyMap<string, string>) {
    this.#files = files;
  }

  /** @throws DashboardError `CANNOT_LOAD` */
  static async list(): Promise<Files> {
    // By the package's own name, so that it is found from src and from dist alike.
    const root = dirname(createRequire(import.meta.url).resolve('shardchart/package.json'));
    const scripts = join(root, 'dist/src/dashboard/page');
    const page = join(root, 'src/dashboard/page');
    try {
      const index = join(page, 'index.html');
      await access(index);
      const ours = [...(await inFolder(scripts, /\.js$/)), ...(await inFolder(page, /\.(css|svg)$/))];
      const charts = CHARTS.map(
        (name) => [`/charts/${name}.svg`, join(root, 'visualizations', `${name}.svg`)] as const,
      );
      return new Files(new Map([['/', index], ...ours, ...charts]));
    } catch (cause) {
      const message = `The page's files are missing (${String(cause)}). Install shardchart again.`;
      throw new DashboardError('CANNOT_LOAD', message, { cause });
    }
  }

  /** Null where there is none. */
  async read(path: string): Promise<PageFile | null> {
    const file = this.#files.get(path);
    if (file === undefined) return null;
    return { type: TYPES[extname(file)] as string, body: await readFile(file) };
  }
}

async function inFolder(folder: string, wanted: RegExp): Promise<(readonly [string, string])[]> {
  const names = await readdir(folder);
  return names.filter((name) => wanted.test(name)).map((name) => [`/page/${name}`, join(folder, name)] as const);
}
