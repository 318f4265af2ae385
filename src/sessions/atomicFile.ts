import { renameSync, rmSync, statSync, readFileSync, writeFileSync, type Stats } from 'node:fs';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { removeLitter } from './removeLitter.js';

/** Readable by the owner only, and never a file that is there: a session and the token let a thief take over the bot. */
const PRIVATE = { flag: 'wx', mode: 0o600 } as const;

/**
 * A file that is always replaced whole. The new text is written to a second file, which then takes the name: a kill at any
 * moment leaves the old text or the new one. Nothing is synced to the disk: after a power cut the sessions have expired.
 */
export class AtomicFile {
  readonly #path: string;
  /** Called once, when another process has replaced the file. */
  readonly #onOtherWriter: () => void;
  readonly #temporary: string;
  /** Second file of `replaceSync`, which a write under way cannot touch. */
  readonly #lastTemporary: string;
  /** State of the file at the last read or write; null where it did not exist. */
  #known: Stats | null = null;
  #hasOtherWriter = false;
  /** Name under which the old file is kept before it is replaced. */
  #asideAs: string | null = null;
  /** Number of calls of `replaceSync`: a write under way compares it to see that it was overtaken. */
  #overtaken = 0;

  constructor(path: string, onOtherWriter: () => void) {
    this.#path = path;
    this.#onOtherWriter = onOtherWriter;
    this.#temporary = `${path}.${process.pid}.tmp`;
    this.#lastTemporary = `${path}.${process.pid}.last.tmp`;
  }

  /** Returns the text of the file; null where it does not exist. Removes what killed processes left beside it. */
  async read(): Promise<string | null> {
    await removeLitter(this.#path);
    this.#known = regular(await stat(this.#path).catch(unlessMissing));
    return this.#known && readFile(this.#path, 'utf8');
  }

  readSync(): string | null {
    this.#known = regular(statSync(this.#path, { throwIfNoEntry: false }));
    return this.#known && readFileSync(this.#path, 'utf8');
  }

  /** Keeps the old file under another name, which this returns, at the next replacement. */
  keep(): string {
    return (this.#asideAs ??= `${this.#path}.${new Date().toISOString().replaceAll(':', '-')}.old`);
  }

  /** Replaces the text; one call at a time. Rejects with the disk's error, and where `replaceSync` has overtaken it. */
  async replace(text: string): Promise<void> {
    const before = this.#overtaken;
    const isOvertaken = () => this.#overtaken !== before;
    try {
      const found = regular(await stat(this.#path).catch(unlessMissing));
      if (!isOvertaken()) this.#compare(found);
      await rm(this.#temporary, { force: true });
      await writeFile(this.#temporary, text, PRIVATE);
      const written = await stat(this.#temporary);
      if (isOvertaken()) throw new Error('another write has overtaken this one');
      this.#putAside();
      await rename(this.#temporary, this.#path);
      if (!isOvertaken()) this.#known = written;
    } catch (error) {
      await rm(this.#temporary, { force: true }).catch(() => {});
      throw error;
    }
  }

  /** Replaces the text before it returns; a write under way is abandoned. */
  replaceSync(text: string): void {
    this.#overtaken += 1;
    // Without its second file a write under way cannot take the name, not even in a thread that runs beside this one.
    rmSync(this.#temporary, { force: true });
    regular(statSync(this.#path, { throwIfNoEntry: false }));
    rmSync(this.#lastTemporary, { force: true });
    writeFileSync(this.#lastTemporary, text, PRIVATE);
    const written = statSync(this.#lastTemporary);
    this.#putAside();
    renameSync(this.#lastTemporary, this.#path);
    this.#known = written;
  }

  /** Renames the old file, synchronously: a rename still under way could rename the new file instead. */
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

/** Refuses to replace a folder or a device. */
function regular(stats: Stats | undefined): Stats | null {
  if (stats !== undefined && !stats.isFile()) throw new Error('it is not a regular file');
  return stats ?? null;
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
