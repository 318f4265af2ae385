// The gateway's process: replays one corpus to every connection that identifies. Started by processes.mjs with its options as JSON.
//
// { seed, guilds, warmUp, events, interval, acks }: READY is followed by the guilds and the warm-up, `go` by the rest to
// everybody at once, or with a `rate` at that many events a second. Heartbeats are answered `acks` times. `asked` tells
// which compressions were asked for since it told last.
import { once } from 'node:events';
import { WebSocketServer } from 'ws';
import { acknowledgement, corpus } from './corpus.mjs';
import { framer } from './frames.mjs';

const options = JSON.parse(process.argv[2]);
const texts = corpus(options);
const prepared = new Map();
const connections = new Set();
const asked = new Set();
let beats = 0;

/** Frames for a connection: acknowledgements after its start for an idle one, the corpus for any other. */
function prepare(compression) {
  if (prepared.has(compression)) return prepared.get(compression);
  const toFrame = framer(compression);
  const frames = {
    hello: toFrame(texts.hello),
    ready: toFrame(texts.ready),
    warm: Buffer.concat(texts.warm.map(toFrame)),
    measured: texts.measured.map(toFrame),
    acks: Array.from({ length: options.acks ?? 0 }, () => toFrame(acknowledgement)),
  };
  prepared.set(compression, frames);
  return frames;
}

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', backlog: 2_000, perMessageDeflate: false });
server.on('connection', (peer, request) => {
  const compression = new URL(request.url, 'ws://localhost').searchParams.get('compress') ?? 'none';
  asked.add(compression);
  const frames = prepare(compression);
  // The frames are whole already: ws must not frame them once more.
  const { socket } = request;
  const connection = { socket, frames };
  connections.add(connection);
  let acked = 0;
  peer.on('close', () => connections.delete(connection));
  peer.on('error', () => {});
  peer.on('message', (data) => {
    const { op } = JSON.parse(data.toString());
    if (op === 2) socket.write(Buffer.concat([frames.ready, frames.warm]));
    if (op === 1) {
      beats += 1;
      if (acked < frames.acks.length) socket.write(frames.acks[acked++]);
    }
  });
  socket.write(frames.hello);
});

/** At so many events a second; tells when each was written. */
async function paced({ socket, frames }, rate) {
  const writtenAt = [];
  const start = performance.now();
  for (const bytes of frames.measured) {
    const due = start + (writtenAt.length / rate) * 1_000;
    while (performance.now() < due) await new Promise((resolve) => setTimeout(resolve, 1));
    writtenAt.push(Number(process.hrtime.bigint()) / 1e3);
    socket.write(bytes);
  }
  return writtenAt;
}

process.on('message', async ({ type, rate }) => {
  if (type === 'asked') {
    process.send({ type, compressions: [...asked] });
    asked.clear();
  }
  if (type === 'beats') process.send({ type, beats, connections: connections.size });
  if (type !== 'go') return;
  const [first] = connections;
  if (rate !== undefined) return process.send({ type: 'written', at: await paced(first, rate) });
  // Joined once: as many bytes as the client can take are always there.
  for (const { socket, frames } of connections) socket.write((frames.joined ??= Buffer.concat(frames.measured)));
});
process.on('disconnect', () => process.exit());

await once(server, 'listening');
const bytes = texts.measured.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
process.send({ type: 'listening', port: server.address().port, messages: texts.messages, bytes });
