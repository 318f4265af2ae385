import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sessionFile, sessionOf } from './rig.js';

const files = sessionFile();
const { open, errors, codes, onDisk, beside, inFolder } = files;

/** Pid of a process that has ended. */
const deadPid = () => spawnSync(process.execPath, ['--version']).pid;

function leave(name: string, ageMs: number): string {
  writeFileSync(inFolder(name), 'half');
  const at = (Date.now() - ageMs) / 1_000;
  utimesSync(inFolder(name), at, at);
  return name;
}

describe('temporary files beside the session file', () => {
  test('that a dead process left are removed when the file is read; every other file stays', async () => {
    const pid = deadPid();
    leave(`sessions.json.${pid}.tmp`, 120_000);
    leave(`sessions.json.${pid}.last.tmp`, 120_000);
    const kept = [
      leave(`sessions.json.${process.ppid}.tmp`, 120_000),
      leave(`sessions.json.${pid}.tmp.old`, 120_000),
      leave(`other.json.${pid}.tmp`, 120_000),
      leave('sessions.json.0x1.tmp', 120_000),
    ];
    expect(await open().get(0)).toBeNull();
    expect(beside().toSorted()).toEqual(kept.toSorted());
    expect(errors).toEqual([]);
  });

  test('that are younger than a minute stay, for a process in another container looks dead', async () => {
    const name = leave(`sessions.json.${deadPid()}.tmp`, 1_000);
    await open().get(0);
    expect(beside()).toEqual([name]);
  });
});

describe('a session file that is a symbolic link', () => {
  test.each([
    ['to a file', '{}'],
    ['to nothing yet', null],
  ])('%s stays one, and its target is replaced', async (_, content) => {
    mkdirSync(inFolder('volume'));
    const target = inFolder('volume', 'data.json');
    if (content !== null) writeFileSync(target, content);
    symlinkSync('volume/data.json', inFolder('second'));
    symlinkSync('second', files.path);
    const store = open();
    await store.set(0, sessionOf(0));
    expect(lstatSync(files.path).isSymbolicLink()).toBe(true);
    expect(onDisk()).toEqual({ 0: sessionOf(0) });
    expect(lstatSync(target).mode & 0o777).toBe(0o600);
    expect(() => open({}, target)).toThrow(expect.objectContaining({ code: 'IN_USE' }));
    await store.close();
    expect(await open({}, target).get(0)).toEqual(sessionOf(0));
  });

  test('to itself is reported, and stays as it is', async () => {
    symlinkSync('sessions.json', files.path);
    const store = open();
    await store.set(0, sessionOf(0));
    expect(codes()).toEqual(['CANNOT_READ', 'CANNOT_WRITE']);
    expect(() => readFileSync(files.path)).toThrow('ELOOP');
  });
});
