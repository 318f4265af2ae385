import { describe, expect, test } from 'vitest';
import { FrameReader } from '../../src/actors/frameReader.js';
import { createWire } from '../../src/actors/wire.js';
import type { SocketReport } from '../../machines/shard.types.js';

function startReader(
  wanted: readonly string[] = [],
  awaiting: FrameReader['awaiting'] = null,
  { wantsAll = false, isRawHeard = true } = {},
) {
  const wire = createWire();
  const reports: SocketReport[] = [];
  const dispatched: { t: string; s: number; d: unknown }[] = [];
  const malformed: { reason: string; text: string }[] = [];
  const raw: string[] = [];
  const reader = new FrameReader(
    wire,
    {
      wants: (name) => wantsAll || wanted.includes(name),
      wantsAll,
      dispatch: (payload) => dispatched.push(payload as (typeof dispatched)[number]),
      malformed: (reason, text) => malformed.push({ reason, text }),
      wantsRaw: isRawHeard,
      raw: (text) => raw.push(text),
    },
    (report) => reports.push(report),
  );
  reader.awaiting = awaiting;
  reader.trust = { firstUrl: 'wss://gateway.example', trustedHosts: ['resume.example'] };
  const read = (frame: unknown) => reader.read(Buffer.from(typeof frame === 'string' ? frame : JSON.stringify(frame)));
  return { wire, reports, dispatched, malformed, raw, reader, read };
}

const ready = (d: unknown, s = 1) => ({ t: 'READY', s, op: 0, d });
const good = { session_id: 'session-1', resume_gateway_url: 'wss://resume.example', v: 10 };

describe('a frame of the lifecycle is reported to the chart', () => {
  test.each<[string, unknown, SocketReport]>([
    ['op 10', { op: 10, d: { heartbeat_interval: 41_250 } }, { type: 'gateway.hello', heartbeatIntervalMs: 41_250 }],
    ['op 1', { op: 1, d: null }, { type: 'gateway.heartbeatRequested' }],
    ['op 7', { op: 7, d: null }, { type: 'gateway.reconnect' }],
    ['op 9 true', { op: 9, d: true }, { type: 'gateway.invalidSession', resumable: true }],
    ['op 9 false', { op: 9, d: false }, { type: 'gateway.invalidSession', resumable: false }],
    ['op 9 with anything else is false', { op: 9, d: 'true' }, { type: 'gateway.invalidSession', resumable: false }],
    [
      'READY',
      ready(good),
      { type: 'gateway.ready', session: { id: 'session-1', sequence: 1, resumeUrl: 'wss://resume.example' } },
    ],
    ['RESUMED', { t: 'RESUMED', s: 9, op: 0, d: {} }, { type: 'gateway.resumed', sequence: 9 }],
    ['RESUMED with s null', { t: 'RESUMED', s: null, op: 0, d: {} }, { type: 'gateway.resumed', sequence: null }],
    ...[undefined, null].map((url): [string, unknown, SocketReport] => [
      `READY with ${url} for a resume URL`,
      ready({ ...good, resume_gateway_url: url }),
      { type: 'gateway.ready', session: { id: 'session-1', sequence: 1, resumeUrl: null } },
    ]),
  ])('%s', (name, frame, report) => {
    const { read, reports, malformed } = startReader([], /^(READY|RESUMED)/.exec(name)?.[0] as 'READY');
    read(frame);
    expect(reports).toEqual([report]);
    expect(malformed).toEqual([]);
  });

  test.each(['resume', 'http://resume.example', 5, {}])(
    'READY with %o for a resume URL: a READY, and malformed',
    (url) => {
      const { read, reports, malformed } = startReader([], 'READY');
      read(ready({ ...good, resume_gateway_url: url }));
      expect(reports).toEqual([{ type: 'gateway.ready', session: { id: 'session-1', sequence: 1, resumeUrl: null } }]);
      expect(malformed).toMatchObject([
        { reason: expect.stringContaining('READY with a resume_gateway_url that is not used') },
      ]);
    },
  );

  test('op 11 with the time since the beat; an ack of nothing acknowledges nothing', () => {
    const { read, reports, reader } = startReader();
    read({ op: 11 });
    expect(reports).toEqual([]);
    reader.beatSentAt = performance.now() - 100;
    read({ op: 11 });
    expect(reports).toEqual([{ type: 'gateway.acknowledged', latencyMs: expect.closeTo(100, -2), quietMs: 0 }]);
  });

  test.each([
    [20, 100],
    [99.9, 100],
    [1e99, 600_000],
  ])('HELLO with an interval of %d ms: malformed, and taken as %d', (interval, taken) => {
    const { read, reports, malformed } = startReader();
    read({ op: 10, d: { heartbeat_interval: interval } });
    expect(reports).toEqual([{ type: 'gateway.hello', heartbeatIntervalMs: taken }]);
    expect(malformed).toMatchObject([{ reason: expect.stringContaining(`taken as ${taken}`) }]);
  });

  test.each([2, 3, 4, 5, 6, 8, 12, 31, 999, -1])('op %d is not for us to judge: ignored', (op) => {
    const { read, reports, malformed, dispatched } = startReader();
    read({ t: null, s: null, op, d: { anything: true } });
    read({ op });
    expect([reports, malformed, dispatched]).toEqual([[], [], []]);
  });

  test.each(['READY', 'RESUMED'] as const)(
    '%s is delivered without a listener too, after its report to the chart',
    (t) => {
      const { read, dispatched, reports } = startReader([], t);
      read({ t, s: 2, op: 0, d: good });
      expect(dispatched.map((payload) => payload.t)).toEqual([t]);
      expect(reports).toHaveLength(1);
    },
  );

  test.each([
    ['READY', null],
    ['READY', 'RESUMED'],
    ['RESUMED', null],
    ['RESUMED', 'READY'],
  ] as const)('%s while %s is awaited was not asked for: no session comes of it', (t, awaiting) => {
    const { read, dispatched, reports, malformed, wire } = startReader([], awaiting);
    read({ t, s: 2, op: 0, d: good });
    expect([reports, dispatched]).toEqual([[], []]);
    expect(malformed).toHaveLength(1);
    expect(wire.sequence).toBeNull();
  });

  test.each(['READY', 'RESUMED'] as const)('a second %s was not asked for', (t) => {
    const { read, reports, malformed } = startReader([], t);
    read({ t, s: 2, op: 0, d: good });
    read({ t, s: 3, op: 0, d: { ...good, session_id: 'another' } });
    expect(reports).toHaveLength(1);
    expect(malformed).toHaveLength(1);
  });
});

describe('malformed frames', () => {
  test.each<[string, string]>([
    ['nothing', ''],
    ['no JSON', 'hello'],
    ['half of it', '{"t":null,"s":null,"op":10,"d":{"heart'],
    ['null', 'null'],
    ['a number', '11'],
    ['a string', '"op"'],
    ['an array', '[{"op":11}]'],
    ['no op', '{"d":1}'],
    ['an op that is text', '{"op":"0"}'],
    ['an op that is a fraction', '{"op":1.5}'],
    ['HELLO without data', '{"op":10}'],
    ['HELLO with null', '{"op":10,"d":null}'],
    ['HELLO with text for an interval', '{"op":10,"d":{"heartbeat_interval":"41250"}}'],
    ['HELLO with interval 0', '{"op":10,"d":{"heartbeat_interval":0}}'],
    ['HELLO with a negative interval', '{"op":10,"d":{"heartbeat_interval":-5}}'],
    ['HELLO with an endless interval', '{"op":10,"d":{"heartbeat_interval":1e999}}'],
    ['a dispatch without t', '{"t":null,"s":1,"op":0,"d":{}}'],
    ['a dispatch without s', '{"t":"WANTED","s":null,"op":0,"d":{}}'],
    ['a dispatch with text for s', '{"t":"WANTED","s":"1","op":0,"d":{}}'],
    ['a dispatch with a number for t', '{"t":5,"s":1,"op":0,"d":{}}'],
    ['a dispatch with a fraction for s', '{"op":0,"t":"WANTED","s":1.5,"d":{}}'],
    ['a wanted dispatch with broken data', '{"t":"WANTED","s":1,"op":0,"d":{broken}'],
    ['READY without data', '{"t":"READY","s":1,"op":0,"d":null}'],
    ['READY with text for data', '{"t":"READY","s":1,"op":0,"d":"hello"}'],
    ['READY without a session id', JSON.stringify(ready({ ...good, session_id: undefined }))],
    ['READY with an empty session id', JSON.stringify(ready({ ...good, session_id: '' }))],
    ['READY with a number for a session id', JSON.stringify(ready({ ...good, session_id: 5 }))],
  ])('%s: counted, reported and skipped', (_, text) => {
    const { read, malformed, reports, dispatched, wire } = startReader(['WANTED'], 'READY');
    read(text);
    expect(malformed).toHaveLength(1);
    expect(malformed[0]?.reason).not.toBe('');
    expect(wire.stats.malformed).toBe(1);
    expect([reports, dispatched]).toEqual([[], []]);
    read({ op: 7 });
    expect(reports).toEqual([{ type: 'gateway.reconnect' }]);
  });

  test('a wanted dispatch that is broken does not raise the sequence: a resume brings it again', () => {
    const { read, wire } = startReader(['WANTED']);
    read({ t: 'WANTED', s: 4, op: 0, d: {} });
    read('{"t":"WANTED","s":5,"op":0,"d":{broken}');
    expect(wire.sequence).toBe(4);
  });

  test('a dispatch that is cut short is malformed even if no listener wants it', () => {
    const { read, malformed, wire } = startReader();
    read('{"t":"UNWANTED","s":5,"op":0,"d":{"content":"hel');
    expect(malformed).toHaveLength(1);
    expect(wire.sequence).toBeNull();
  });
});

describe('dispatches', () => {
  test('a dispatch that no listener wants is never parsed, and its sequence counts', () => {
    const { read, malformed, dispatched, wire } = startReader(['WANTED']);
    read('{"t":"UNWANTED","s":7,"op":0,"d":{this is no JSON}');
    expect([malformed, dispatched]).toEqual([[], []]);
    expect(wire).toMatchObject({ sequence: 7, stats: { dispatches: 1 } });
  });

  test('a wanted dispatch is delivered whole', () => {
    const { read, dispatched } = startReader(['WANTED']);
    read({ t: 'WANTED', s: 3, op: 0, d: { content: 'hello', extra: null } });
    expect(dispatched).toEqual([{ t: 'WANTED', s: 3, op: 0, d: { content: 'hello', extra: null } }]);
  });

  test.each([
    '{"op":0,"s":5,"t":"WANTED","d":1}',
    '{"d":1,"t":"WANTED","s":5,"op":0}',
    '{ "t": "WANTED", "s": 5, "op": 0, "d": 1 }',
  ])('the order of the head does not matter: %s', (text) => {
    const { read, dispatched, wire } = startReader(['WANTED']);
    read(text);
    expect(dispatched).toEqual([{ t: 'WANTED', s: 5, op: 0, d: 1 }]);
    expect(wire.sequence).toBe(5);
  });

  test('out of order and unwanted: not delivered, but counted', () => {
    const { read, dispatched, wire } = startReader();
    read('{"op":0,"s":5,"t":"UNWANTED","d":1}');
    expect(dispatched).toEqual([]);
    expect(wire.sequence).toBe(5);
  });

  test('an old frame never lowers the sequence', () => {
    const { read, wire } = startReader(['WANTED'], 'RESUMED');
    for (const s of [5, 9, 2, 9, 8]) read({ t: 'WANTED', s, op: 0, d: {} });
    read({ op: 0, t: 'WANTED', s: 4, d: {} });
    read({ t: 'RESUMED', s: 1, op: 0, d: {} });
    expect(wire.sequence).toBe(9);
  });

  test('a fresh session starts from its own READY', () => {
    const { read, wire } = startReader([], 'READY');
    read({ t: 'UNWANTED', s: 500, op: 0, d: {} });
    read(ready(good, 1));
    expect(wire.sequence).toBe(1);
  });

  test('between RESUME and RESUMED each one is progress, wanted or not', () => {
    const { read, reports, wire } = startReader(['WANTED'], 'RESUMED');
    read({ t: 'UNWANTED', s: 6, op: 0, d: {} });
    read({ op: 0, t: 'WANTED', s: 7, d: {} });
    read({ t: 'RESUMED', s: 8, op: 0, d: {} });
    read({ t: 'UNWANTED', s: 9, op: 0, d: {} });
    expect(reports).toEqual([
      { type: 'gateway.replayed', sequence: 6 },
      { type: 'gateway.replayed', sequence: 7 },
      { type: 'gateway.resumed', sequence: 8 },
    ]);
    expect(wire.stats.replayed).toBe(2);
  });

  test('a raw listener gets every frame as it came, malformed ones too', () => {
    const { read, raw } = startReader();
    const frames = ['{"op":11}', 'nonsense', '{"t":"UNWANTED","s":1,"op":0,"d":{}}'];
    for (const frame of frames) read(frame);
    expect(raw).toEqual(frames);
  });
});

describe('where every dispatch is wanted', () => {
  const all = { wantsAll: true };

  test.each(['{"t":"ANY","s":5,"op":0,"d":1}', '{"op":0,"s":5,"t":"ANY","d":1}'])(
    'each comes whole, however its head is written: %s',
    (text) => {
      const { read, dispatched, wire } = startReader([], null, all);
      read(text);
      expect(dispatched).toEqual([{ t: 'ANY', s: 5, op: 0, d: 1 }]);
      expect(wire.sequence).toBe(5);
    },
  );

  test('READY and op 7 are reported to the chart all the same', () => {
    const { read, reports, dispatched } = startReader([], 'READY', all);
    read(ready(good));
    read({ t: null, s: null, op: 7, d: null });
    expect(reports.map(({ type }) => type)).toEqual(['gateway.ready', 'gateway.reconnect']);
    expect(dispatched).toHaveLength(1);
  });

  test('a broken one is malformed and does not raise the sequence', () => {
    const { read, malformed, wire } = startReader([], null, all);
    read('{"t":"ANY","s":5,"op":0,"d":{broken}');
    read('{"t":"ANY","s":null,"op":0,"d":{}}');
    expect(malformed).toHaveLength(2);
    expect(wire.sequence).toBeNull();
  });
});

describe('a dispatch without a listener is not decoded', () => {
  const quiet = { isRawHeard: false };

  test.each(['plain', 'Ä€', '漢字 😀'])('are read as the text they are: %s', (content) => {
    const { read, dispatched } = startReader(['WANTED'], null, quiet);
    read(JSON.stringify({ t: 'WANTED', s: 5, op: 0, d: { content } }));
    expect(dispatched).toEqual([{ t: 'WANTED', s: 5, op: 0, d: { content } }]);
  });

  test('an unwanted dispatch: only its head is read, and its sequence counts', () => {
    const { read, dispatched, malformed, wire } = startReader(['WANTED'], null, quiet);
    read(`{"t":"UNWANTED","s":7,"op":0,"d":{this is no JSON, ${'and long '.repeat(100)}}`);
    expect([dispatched, malformed]).toEqual([[], []]);
    expect(wire.sequence).toBe(7);
  });

  test('a dispatch with its properties in another order is parsed whole', () => {
    const { read, dispatched, wire } = startReader(['WANTED'], null, quiet);
    read('{"d":1,"t":"WANTED","s":5,"op":0}');
    read('{"op":0,"s":6,"t":"UNWANTED","d":1}');
    expect(dispatched).toEqual([{ t: 'WANTED', s: 5, op: 0, d: 1 }]);
    expect(wire.sequence).toBe(6);
  });

  test('a dispatch whose head is longer than any is parsed whole: no number in it is taken for done where it was cut', () => {
    for (let length = 90; length < 130; length += 1) {
      const { read, wire } = startReader([], null, quiet);
      read(`{"t":"${'N'.repeat(length)}","s":123456789,"op":0,"d":{}}`);
      expect(wire.sequence).toBe(123_456_789);
    }
  });

  test.each(['', '{', '{"t":"UNWANTED","s":5,"op":0,"d":{"content":"hel'])('%o is malformed', (text) => {
    const { read, malformed, wire } = startReader([], null, quiet);
    read(text);
    expect(malformed).toHaveLength(1);
    expect(wire.sequence).toBeNull();
  });

  test('a raw listener gets the text of every dispatch, wanted or not', () => {
    const { read, raw } = startReader();
    const text = '{"t":"UNWANTED","s":1,"op":0,"d":"漢字"}';
    read(text);
    expect(raw).toEqual([text]);
  });
});
