import { EventEmitter, once } from 'node:events';
import { createRequire } from 'node:module';
import type { AddressInfo, Socket } from 'node:net';
import type { Writable } from 'node:stream';
import * as fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { DataFrames } from '../../src/actors/webSocketFrames.js';

/** ws's own reader of frames, which it exports without a type. */
const { Receiver } = createRequire(import.meta.url)('ws') as {
  Receiver: new (options: { isServer: boolean; skipUTF8Validation: boolean }) => Writable;
};

/** What ws does with a connection: reads until the close frame or an error. */
class Connection extends EventEmitter {
  readonly heard: string[] = [];
  readonly receiver = new Receiver({ isServer: false, skipUTF8Validation: true });
  byWs = 0;

  constructor() {
    super();
    const take = (chunk: Buffer) => void this.receiver.write(chunk);
    const stop = () => this.off('data', take);
    this.on('data', take);
    this.receiver.on('message', (data: Buffer, isBinary: boolean) => {
      this.byWs += 1;
      this.hear(data, isBinary);
    });
    for (const name of ['ping', 'pong']) {
      this.receiver.on(name, (data: Buffer) => this.heard.push(`${name} ${data.toString('hex')}`));
    }
    this.receiver.on('conclude', (code: number) => {
      stop();
      this.heard.push(`close ${code}`);
    });
    this.receiver.on('error', (error: Error & { code: string }) => {
      stop();
      this.heard.push(`error ${error.code}`);
    });
  }

  hear(data: Buffer, isBinary: boolean): void {
    this.heard.push(`${isBinary ? 'binary' : 'text'} ${data.toString('hex')}`);
  }

  /** Without ours before it, and with. */
  static async hears(chunks: readonly Buffer[], isOurs: boolean): Promise<Connection> {
    const connection = new Connection();
    if (isOurs) DataFrames.before(connection as unknown as Socket, (data, isBinary) => connection.hear(data, isBinary));
    for (const chunk of chunks) connection.emit('data', chunk);
    // ws tells of an error in a later tick.
    await new Promise(setImmediate);
    return connection;
  }
}

const frame = (first: number, payload: Buffer, masked = 0): Buffer => {
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.from([first, masked | length]), payload]);
  const header = Buffer.alloc(length < 65_536 ? 4 : 10);
  header[0] = first;
  header[1] = masked | (length < 65_536 ? 126 : 127);
  if (length < 65_536) header.writeUInt16BE(length, 2);
  else header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, payload]);
};

const aPayload = fc
  .oneof({ weight: 6, arbitrary: fc.nat(130) }, { weight: 1, arbitrary: fc.constantFrom(125, 126, 65_535, 65_536) })
  .map((length) => Buffer.alloc(length, length % 251));
const aControl = fc.nat(125).map((length) => Buffer.alloc(length, 7));

const anOrdinaryFrame = fc.oneof(
  { weight: 6, arbitrary: aPayload.map((payload) => [frame(0x82, payload)]) },
  { weight: 2, arbitrary: aPayload.map((payload) => [frame(0x81, payload)]) },
  { weight: 1, arbitrary: aControl.map((payload) => [frame(0x89, payload)]) },
  { weight: 1, arbitrary: aControl.map((payload) => [frame(0x8a, payload)]) },
  // A message in several frames, with a ping between them.
  {
    weight: 1,
    arbitrary: fc
      .tuple(aPayload, aPayload, aPayload, fc.constantFrom(0x01, 0x02))
      .map(([one, two, three, first]) => [
        frame(first, one),
        frame(0x00, two),
        frame(0x89, two.subarray(0, 9)),
        frame(0x80, three),
      ]),
  },
);
const anOddFrame = fc.oneof(
  fc.tuple(fc.nat(255), aPayload).map(([first, payload]) => [frame(first, payload)]),
  fc.tuple(fc.constantFrom(0x81, 0x82), aControl).map(([first, payload]) => [frame(first, payload, 0x80)]),
  fc.tuple(fc.constantFrom(0x88, 0x89, 0x8a), aPayload).map(([first, payload]) => [frame(first, payload)]),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => [Buffer.from(bytes)]),
  fc.constant([frame(0x88, Buffer.from([0x0f, 0xa0]))]),
);

const cut = (bytes: Buffer, cuts: readonly number[]): Buffer[] => {
  const places = [...new Set([0, ...cuts.map((place) => place % (bytes.length + 1)), bytes.length])];
  places.sort((a, b) => a - b);
  return places.slice(1).map((place, n) => bytes.subarray(places[n], place));
};

const streamsOf = (frames: fc.Arbitrary<readonly Buffer[]>) =>
  fc
    .tuple(fc.array(frames, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 30 }), fc.boolean())
    .map(([list, cuts, isByteByByte]) => {
      const bytes = Buffer.concat(list.flat());
      return isByteByByte && bytes.length < 2_000 ? [...bytes].map((byte) => Buffer.from([byte])) : cut(bytes, cuts);
    });

test('ws still listens as it is known to: of a real connection it hears control frames alone', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => server.close());
  server.on('connection', (peer) => {
    peer.ping('a');
    peer.send('one');
    peer.send(Buffer.from('two'));
    peer.close(4000, 'over');
  });
  await once(server, 'listening');
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const heard: string[] = [];
  socket.once('upgrade', ({ socket: tcp }) => {
    socket.once('open', () => DataFrames.before(tcp, (data, isBinary) => heard.push(`${data.toString()} ${isBinary}`)));
  });
  socket.on('ping', (data) => heard.push(`ping ${data.toString()}`));
  socket.on('message', (data) => heard.push(`by ws: ${String(data)}`));
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  expect(heard).toEqual(['ping a', 'one false', 'two true']);
  expect([code, reason.toString()]).toEqual([4000, 'over']);
});

describe('the frames of a connection', () => {
  test('are heard as ws hears them, however they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(streamsOf(anOrdinaryFrame), async (chunks) => {
        expect((await Connection.hears(chunks, true)).heard).toEqual((await Connection.hears(chunks, false)).heard);
      }),
      { numRuns: 300 },
    );
  });

  test('are heard up to what breaks the protocol or closes it, as ws does', async () => {
    await fc.assert(
      fc.asyncProperty(
        streamsOf(fc.oneof({ weight: 4, arbitrary: anOrdinaryFrame }, { weight: 1, arbitrary: anOddFrame })),
        async (chunks) => {
          expect((await Connection.hears(chunks, true)).heard).toEqual((await Connection.hears(chunks, false)).heard);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test('that come whole do not go through ws', async () => {
    const chunk = Buffer.concat([
      frame(0x82, Buffer.alloc(300, 1)),
      frame(0x89, Buffer.alloc(2)),
      frame(0x81, Buffer.alloc(2)),
    ]);
    const { heard, byWs } = await Connection.hears([chunk, chunk.subarray(0, 100), chunk.subarray(100)], true);
    expect(heard).toHaveLength(6);
    // The one in two chunks.
    expect(byWs).toBe(1);
  });

  test('are left to ws where it listens otherwise than it is known to', () => {
    const tcp = new EventEmitter();
    expect(DataFrames.before(tcp as Socket, () => {})).toBeNull();
    tcp.on('data', () => {});
    tcp.on('data', () => {});
    expect(DataFrames.before(tcp as Socket, () => {})).toBeNull();
    expect(tcp.listenerCount('data')).toBe(2);
  });
});
