import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { createInflater, loadInflater } from '../../dist/src/actors/inflate/createInflater.js';
import { aStream, byNode, changed, compressed, cut, textOf, wholeByNode } from './streams.mjs';

await loadInflater('zlib-stream', 'minizlib');

/** Frames of a stream with its changes, each with all bytes up to its end. */
function framesOf({ messages, cuts, changes }) {
  const sent = compressed(messages);
  sent[sent.length - 1] = changed(sent.at(-1), changes);
  let before = Buffer.alloc(0);
  return sent.flatMap((message, index) =>
    cut(message, cuts[index % cuts.length]).map((frame) => {
      before = Buffer.concat([before, frame]);
      return { frame, all: before };
    }),
  );
}

/** Pushes a frame, and compares what comes of it with Node's zlib. False once the stream is at its end. */
function push(state, { frame, all }) {
  let text;
  try {
    text = state.inflater.push(frame);
  } catch (error) {
    const whole = state.implementation === 'wasm' ? wholeByNode(all) : byNode(all);
    assert.equal(whole, null, `refused although zlib reads it: ${error.message}`);
    return false;
  }
  if (text === null) return true;
  state.heard = Buffer.concat([state.heard, text]);
  const expected = byNode(all);
  assert.notEqual(expected, null, 'read although zlib refuses it');
  assert.ok(state.heard.equals(expected), 'another text than by zlib');
  return true;
}

/** Streams side by side, whose frames come in an order of chance. */
function compare(implementation, streams, order) {
  const states = streams.map((stream) => ({
    implementation,
    stream,
    frames: framesOf(stream),
    next: 0,
    isOver: false,
    heard: Buffer.alloc(0),
    inflater: createInflater('zlib-stream', implementation),
  }));
  try {
    for (let turn = 0; ; turn += 1) {
      const open = states.filter(({ isOver }) => !isOver);
      if (open.length === 0) break;
      const state = open[order[turn % order.length] % open.length];
      state.isOver = !push(state, state.frames[state.next]) || state.next + 1 === state.frames.length;
      if (state.stream.rests[state.next % state.stream.rests.length]) state.inflater.rest();
      state.next += 1;
    }
    for (const { stream, heard } of states) {
      if (stream.changes.length === 0) assert.ok(heard.equals(textOf(stream.messages)), 'not the text that was sent');
    }
  } finally {
    for (const { inflater } of states) inflater.close();
  }
}

export const inflate = (implementation) =>
  fc.property(
    fc.array(aStream, { minLength: 1, maxLength: 3 }),
    fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 12 }),
    (streams, order) => compare(implementation, streams, order),
  );
