import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import * as fc from 'fast-check';
import { createIdentifyLimiter, createShard } from '../../dist/src/index.js';
import { SPREAD } from '../../dist/src/protocol/limits.js';
import { startGateway } from './gateway.mjs';
import { aStory, scriptOf } from './story.mjs';

// A hundred connections end in a second here: shards would wait for one another, and a story would take seconds.
SPREAD.from = Infinity;

/** Milliseconds in which a shard must have resumed. */
const HANGS_MS = 30_000;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

const gateway = await startGateway();
gateway.unref();

/** Plays a story to a new shard: what the shard delivered, what it counted, and how it logged in next. */
async function play(story) {
  const { chunks } = story;
  const delivered = [];
  const shard = createShard({
    token: 'fuzz',
    intents: 1,
    url: gateway.url,
    compression: story.compression,
    backoff: { initial: 1, max: 2 },
    timeouts: { close: 100 },
    identifyLimiter: createIdentifyLimiter({ window: 0 }),
    logger: silent,
  });
  shard.on('dispatch', ({ t, s }) => t !== 'READY' && t !== 'RESUMED' && delivered.push([t, s]));
  let connections = 0;
  let timer;
  try {
    const login = await new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`hangs in ${shard.state}`)), HANGS_MS);
      gateway.onConnection = (socket) => {
        connections += 1;
        if (connections > 1) socket.write(story.hello);
        else socket.write(story.helloOfFirst);
        return ({ op, d }) => {
          if (connections > 1 && (op === 2 || op === 6)) resolve({ op, seq: d.seq ?? null });
          else if (op === 2) void write(socket, [story.ready, ...chunks]);
        };
      };
      // After op 9 false IDENTIFY leaves some seconds later.
      shard.on('transition', ({ decision }) => {
        if (connections === 1 && decision?.action === 'identify' && shard.stats.identifies === 1) resolve({ op: 2 });
      });
      shard.connect().catch(reject);
    });
    return { delivered, login, malformed: shard.stats.malformed, state: shard.state };
  } finally {
    clearTimeout(timer);
    shard.forceClose();
    await shard.shutdown();
  }
}

/** A turn of the event loop between two chunks, so that they arrive by themselves; then the end of the connection. */
async function write(socket, chunks) {
  for (const chunk of chunks) {
    if (socket.destroyed) return;
    socket.write(chunk);
    await turn();
  }
  socket.end();
}

/**
 * A shard delivers the dispatches that a JSON parser finds in what was sent, in their order and without a gap, up to where it
 * gave the connection up; it resumes from the last of them, and has counted what was malformed.
 */
export const frames = fc.asyncProperty(aStory, async (told) => {
  const story = scriptOf(told, gateway.url);
  const { delivered, login, malformed, state } = await play(story);
  assert.notEqual(state, 'Offline');
  assert.deepEqual(delivered, story.dispatches.slice(0, delivered.length), 'not what was sent, in order');
  if (login.op === 2) return assert.ok(story.mayEndSession, 'identified although the session lives');
  const last = Math.max(1, ...delivered.map(([, s]) => s));
  assert.equal(login.seq, last, 'resumes from what was not delivered');
  if (story.isReadToItsEnd) {
    assert.deepEqual(delivered, story.dispatches, 'less than was sent');
    assert.equal(malformed, story.malformed, 'miscounted what was malformed');
  } else {
    assert.ok(delivered.length >= story.certain, 'gave up before anything was wrong');
  }
});
