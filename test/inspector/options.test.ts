import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { attachInspector } from '../../src/inspector/index.js';
import { openCommand } from '../../src/util/localhost/openInBrowser.js';
import { countingShard, countObservers } from './rig.js';

const wrong: [string, unknown][] = [
  ['options', null],
  ['port', -1],
  ['port', 65_536],
  ['port', '8080'],
  ['host', '0.0.0.0'],
  ['host', '192.168.1.1'],
  ['page', 'stately.ai'],
  ['page', 'javascript:alert(1)'],
  ['page', 7],
  ['shards', [-1]],
  ['shards', 'all'],
  ['autoOpen', 'yes'],
  ['maxEventsPerSecond', 0],
  ['maxEventsPerSecond', 1.5],
  ['secrets', ['short']],
  ['secrets', 'a-secret-that-is-no-list'],
  ['logger', {}],
];

test.each(wrong)('%s: %j throws INVALID_OPTION and leaves no observer', (name, value) => {
  const shard = countingShard();
  const observers = countObservers(shard.actor);
  const options = name === 'options' ? value : { [name]: value };
  let error: unknown;
  try {
    attachInspector(shard, options as never);
  } catch (caught) {
    error = caught;
  }
  expect(error).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining(`\`${name}\` must be`) });
  expect(observers()).toBe(0);
  if (name === 'secrets') expect((error as Error).message).not.toContain(String(value));
});

test.each([
  [undefined],
  [null],
  [{}],
  [{ id: 0 }],
  [{ id: 'a', actor: countingShard().actor }],
  [{ shards: new Map() }],
])('source %#, neither a shard nor a manager, throws INVALID_OPTION', (source) => {
  expect(() => attachInspector(source as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
});

test('openCommand opens a URL on each platform without a shell', () => {
  const url = 'http://127.0.0.1:1/';
  expect(openCommand('linux', url)).toEqual(['xdg-open', url]);
  expect(openCommand('darwin', url)).toEqual(['open', url]);
  expect(openCommand('win32', url)).toEqual(['rundll32', 'url.dll,FileProtocolHandler', url]);
});

test.skipIf(process.platform !== 'linux')(
  'autoOpen opens the page, and warns with the URL where there is no browser',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shardchart-open-'));
    const path = process.env['PATH'];
    try {
      writeFileSync(join(folder, 'xdg-open'), `#!/bin/sh\nprintf %s "$1" > ${folder}/opened\n`);
      chmodSync(join(folder, 'xdg-open'), 0o755);
      process.env['PATH'] = `${folder}:${path}`;
      await using inspector = attachInspector(countingShard(), { autoOpen: true });
      await inspector.ready;
      await expect.poll(() => readFileSync(join(folder, 'opened'), 'utf8')).toBe(inspector.url);
      process.env['PATH'] = join(folder, 'nothing');
      const warn = vi.fn();
      await using other = attachInspector(countingShard(), {
        autoOpen: true,
        logger: { debug() {}, info() {}, warn, error() {} },
      });
      await other.ready;
      await expect.poll(() => warn.mock.calls.flat().join()).toContain(`open ${other.url} yourself`);
    } finally {
      process.env['PATH'] = path;
      rmSync(folder, { recursive: true });
    }
  },
);
