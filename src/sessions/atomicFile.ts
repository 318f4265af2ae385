import { renameSync, rmSync, statSync, readFileSync, writeFileSync, type Stats } from 'node:fs';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';

/** For the owner alone, and never through a link somebody has laid: whoever has a session and the token can take it over. */
const PRIVATE = { flag: 'wx', mode: 0o600 } as const;

/**
 * One file that is only ever replaced whole. The new content is written beside it and then takes its name, so that a kill
 * at any moment leaves the old one or the new one. (Not synced to the disk: after a power cut sessions are past saving.)
 */
export class AtomicFile {
  readonly #path: string;
  /** Told once, when somebody else has replaced the file. */
  readonly #onOtherWriter: () => void;
  readonly #beside: string;
  /** Of a write at the end, so that one under way cannot spoil it. */
  readonly #lastBeside: string;
  /** The file as it was read or written last; null where there was none. */
  #known: Stats | null = null;
  #hasOtherWriter = false;
  /** The name that what was found goes by before it is replaced. */
  #asideAs: string | null = null;
  /** How often `replaceSync` has overtaken what was under way. */
  #overtaken = 0;

  constructor(path: string, onOtherWriter: () => void) {
    this.#path = path;
    this.#onOtherWriter = onOtherWriter;
    this.#beside = `${path}.${process.pid}.tmp`;
    this.#lastBeside = `${path}.${process.pid}.last.tmp`;
  }

  /** What the file has; null where there is none. */
  async read(): Promise<string | null> {
    this.#known = regular(await stat(this.#path).catch(unlessMissing));
    return this.#known && readFile(this.#path, 'utf8');
  }

  readSync(): string | null {
    this.#known = regular(statSync(this.#path, { throwIfNoEntry: false }));
    return this.#known && readFileSync(this.#path, 'utf8');
  }

  /** What was found is kept under another name, which this returns, once something takes its place. */
  keep(): string {
    return (this.#asideAs ??= `${this.#path}.${new Date().toISOString().replaceAll(':', '-')}.old`);
  }

  /** One at a time. @throws what the disk does; and where `replaceSync` has come meanwhile. */
  async replace(text: string): Promise<void> {
    const before = this.#overtaken;
    const isOvertaken = () => this.#overtaken !== before;
    try {
      const found = regular(await stat(this.#path).catch(unlessMissing));
      if (!isOvertaken()) this.#compare(found);
      await rm(this.#beside, { force: true });
      await writeFile(this.#beside, text, PRIVATE);
      const written = await stat(this.#beside);
      if (isOvertaken()) throw new Error('another write has overtaken this one');
      this.#putAside();
      await rename(this.#beside, this.#path);
      if (!isOvertaken()) this.#known = written;
    } catch (error) {
      await rm(this.#beside, { force: true }).catch(() => {});
      throw error;
    }
  }

  /** The same before it returns, and instead of what is under way. */
  replaceSync(text: string): void {
    this.#overtaken += 1;
    // What is under way can no longer take the file's name, not even from a thread that goes on while this one works.
    rmSync(this.#beside, { force: true });
    regular(statSync(this.#path, { throwIfNoEntry: false }));
    rmSync(this.#lastBeside, { force: true });
    writeFileSync(this.#lastBeside, text, PRIVATE);
    const written = statSync(this.#lastBeside);
    this.#putAside();
    renameSync(this.#lastBeside, this.#path);
    this.#known = written;
  }

  /** Once in a file's life, and so at once: a rename that is still on its way could put the new file aside. */
  #putAside(): void {
    if (this.#asideAs === null) return;
    try {
      renameSync(this.#path, this.#asideAs);
    } catch (error) {
      unlessMissing(error as NodeJS.ErrnoException);
    }
    this.#asideAs = null;
  }

  #compare(found: Stats | null): void {
    if (found === null || this.#hasOtherWriter) return;
    if (found.ino === this.#known?.ino && found.mtimeMs === this.#known.mtimeMs) return;
    this.#hasOtherWriter = true;
    this.#onOtherWriter();
  }
}

/** To take the place of a folder or a device is never what was meant. */
function regular(stats: Stats | undefined): Stats | null {
  if (stats !== undefined && !stats.isFile()) throw new Error('it is not a regular file');
  return stats ?? null;
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
