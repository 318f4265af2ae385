import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import {
  createFileSessionStore,
  type FileSessionStore,
  type FileSessionStoreOptions,
  type Session,
  type SessionStoreError,
} from '../../src/index.js';

/** A debounce longer than any test. */
export const NEVER_MS = 600_000;

export const sessionOf = (shardId: number, sequence = 1, generation = 1): Session => ({
  id: `session-${shardId}-${generation}`,
  sequence,
  resumeUrl: 'wss://resume.example/',
});

/** Gives each test of a file a folder of its own with the session file in it. */
export function sessionFile() {
  let folder: string;
  const errors: SessionStoreError[] = [];
  const stores: FileSessionStore[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'shardchart-sessions-'));
    errors.length = 0;
  });
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
    rmSync(folder, { recursive: true, force: true });
  });
  const inFolder = (...names: string[]) => join(folder, ...names);
  return {
    errors,
    codes: () => errors.map(({ code }) => code),
    inFolder,
    get path() {
      return inFolder('sessions.json');
    },
    open(options: FileSessionStoreOptions = {}, path = inFolder('sessions.json')): FileSessionStore {
      const store = createFileSessionStore(path, { onError: (error) => errors.push(error), ...options });
      stores.push(store);
      return store;
    },
    /** Sessions that the next process would read. */
    onDisk: (): Record<string, Session> =>
      (JSON.parse(readFileSync(inFolder('sessions.json'), 'utf8')) as { sessions: Record<string, Session> }).sessions,
    /** Names of the other files in the folder. */
    beside: () => readdirSync(folder).filter((name) => name !== 'sessions.json'),
  };
}
