// The least a client can do: no lifecycle, no checks, no sequence. Every ratio is one to it.
import { createRequire } from 'node:module';
import { createInflater, loadInflater } from '../../../dist/src/actors/inflate/createInflater.js';

// The copies of the package itself, not those of the peers here.
const require = createRequire(new URL('../../../package.json', import.meta.url));
const { WebSocket } = require('ws');

await loadInflater('zstd-stream');

/** Messages to text. */
function decoder(compression) {
  if (compression === 'zlib-stream') {
    const { Z_SYNC_FLUSH, Inflate } = require('zlib-sync');
    const inflate = new Inflate({ chunkSize: 65_536, to: 'string' });
    return (data) => {
      inflate.push(data, Z_SYNC_FLUSH);
      return inflate.result;
    };
  }
  if (compression === 'none') return (data) => data.toString();
  const inflater = createInflater(compression);
  return (data) => inflater.push(data).toString();
}

const UNPARSED = { op: 0, t: null };

/** With `only` a text is parsed if it begins like that event: the least that can be done with a subscription. */
function parser(only) {
  if (only === undefined) return JSON.parse;
  const beginnings = [`{"t":"${only}"`, '{"t":"READY"', '{"t":null'];
  return (text) => (beginnings.some((beginning) => text.startsWith(beginning)) ? JSON.parse(text) : UNPARSED);
}

function connectOne({ url, compression, only, onFrame }) {
  return new Promise((resolve) => {
    const query = compression === 'none' ? '' : `&compress=${compression}`;
    const socket = new WebSocket(`${url}/?v=10&encoding=json${query}`, {
      perMessageDeflate: false,
      skipUTF8Validation: true,
    });
    const decode = decoder(compression);
    const parse = parser(only);
    socket.on('message', (data) => {
      const payload = parse(decode(data));
      if (payload.op === 10) {
        socket.send(JSON.stringify({ op: 2, d: { token: 'bench', intents: 1, properties: {} } }));
        const { heartbeat_interval: interval } = payload.d;
        const beat = () => socket.send('{"op":1,"d":1}');
        const first = () => {
          beat();
          setInterval(beat, interval);
        };
        setTimeout(first, interval * Math.random());
      }
      if (payload.op !== 0) return;
      if (payload.t === 'READY') resolve();
      onFrame(payload);
    });
  });
}

export async function connect({ shards, url, compression, settings: { only } = {}, onDispatch, onMessageCreate }) {
  let received = 0;
  const onFrame = (payload) => {
    received += 1;
    if (only === undefined) onDispatch(payload);
    else if (payload.t === only) onMessageCreate(payload.d);
  };
  await Promise.all(Array.from({ length: shards }, () => connectOne({ url, compression, only, onFrame })));
  return { received: () => received };
}
