// The least a client can do: no lifecycle, no checks, no sequence. What ratios are told against.
import { createRequire } from 'node:module';
import { WebSocket } from 'ws';
import { createInflater } from '../../../dist/src/actors/inflate.js';

const { Z_SYNC_FLUSH, Inflate } = createRequire(import.meta.url)('zlib-sync');

function decoder(compression) {
  if (compression === 'zlib-stream') {
    const inflate = new Inflate({ chunkSize: 65_536, to: 'string' });
    return (data) => {
      inflate.push(data, Z_SYNC_FLUSH);
      return JSON.parse(inflate.result);
    };
  }
  if (compression === 'none') return (data) => JSON.parse(data.toString());
  const inflater = createInflater(compression);
  return (data) => JSON.parse(inflater.push(data));
}

function connectOne({ url, compression, onDispatch }) {
  return new Promise((resolve) => {
    const query = compression === 'none' ? '' : `&compress=${compression}`;
    const socket = new WebSocket(`${url}/?v=10&encoding=json${query}`, {
      perMessageDeflate: false,
      skipUTF8Validation: true,
    });
    const decode = decoder(compression);
    socket.on('message', (data) => {
      const payload = decode(data);
      if (payload.op === 10) {
        socket.send(JSON.stringify({ op: 2, d: { token: 'bench', intents: 1, properties: {} } }));
        const beat = () => socket.send('{"op":1,"d":1}');
        const { heartbeat_interval: interval } = payload.d;
        setTimeout(() => (beat(), setInterval(beat, interval)), interval * Math.random());
      }
      if (payload.op !== 0) return;
      if (payload.t === 'READY') resolve();
      onDispatch(payload);
    });
  });
}

export async function connect({ shards, ...options }) {
  let received = 0;
  const onDispatch = (payload) => {
    received += 1;
    options.onDispatch(payload);
  };
  await Promise.all(Array.from({ length: shards }, () => connectOne({ ...options, onDispatch })));
  return { received: () => received };
}
