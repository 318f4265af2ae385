import { createContext, runInContext } from 'node:vm';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { attachInspector } from '../../src/inspector/index.js';
import { BRIDGE_SCRIPT } from '../../src/inspector/page.js';
import { countingShard } from './rig.js';

const VIEWER = 'https://stately.ai';

/** Runs the page's script with the parts of a browser that it uses. */
function openPage(url: string) {
  const posted: { message: { type: string }; origin: string }[] = [];
  const contentWindow = {
    postMessage: (message: { type: string }, origin: string) => posted.push({ message, origin }),
  };
  const hint = { hidden: false, textContent: 'Waiting' };
  const listeners: ((event: object) => void)[] = [];
  const sockets: WebSocket[] = [];
  class Socket extends WebSocket {
    constructor(address: string) {
      super(address, { origin: new URL(url).origin });
      sockets.push(this);
    }
  }
  const context = createContext({
    document: { querySelector: (name: string) => (name === 'iframe' ? { contentWindow } : hint) },
    location: new URL(url),
    addEventListener: (_name: string, listener: (event: object) => void) => listeners.push(listener),
    WebSocket: Socket,
  });
  runInContext(BRIDGE_SCRIPT, context);
  const hear = (data: unknown, source: object = contentWindow) => {
    for (const listener of listeners) listener({ data, source, origin: VIEWER });
  };
  return { posted, hint, sockets, hear };
}

test('the page posts every message to the viewer once it has loaded, and again after a reload', async () => {
  const shard = countingShard();
  await using inspector = attachInspector(shard);
  await inspector.ready;
  const { posted, hint, sockets, hear } = openPage(`${inspector.url}`);
  hear({ type: '@statelyai.connected' }, {});
  hear({ type: 'something else' });
  hear(null);
  expect([sockets.length, hint.hidden]).toEqual([0, false]);
  hear({ type: '@statelyai.connected' });
  await expect.poll(() => posted.map(({ message }) => message.type)).toEqual(['@xstate.actor']);
  shard.actor.send({ type: 'count' });
  await expect.poll(() => posted.length).toBe(3);
  expect(new Set(posted.map(({ origin }) => origin))).toEqual(new Set([VIEWER]));
  expect(hint.hidden).toBe(true);
  hear({ type: '@statelyai.connected' });
  await expect
    .poll(() => posted.slice(3).map(({ message }) => message.type))
    .toEqual(['@xstate.actor', '@xstate.snapshot', '@xstate.event', '@xstate.snapshot']);
  await expect.poll(() => inspector.viewers).toBe(1);
  expect(hint.hidden).toBe(true);
  await inspector.stop();
  await expect.poll(() => hint.hidden).toBe(false);
  expect(hint.textContent).toContain('Reload the page');
});
