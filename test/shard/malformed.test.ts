import { describe, expect, it } from 'vitest';
import { data, flow, reached, scenario, sentBy, story, until } from './rig.js';

/** Frames that are wrong: each is reported once, skipped, and the connection goes on. */
const reported: Record<string, string> = {
  garbage: '<html>502 Bad Gateway</html>',
  'an empty text': ' ',
  'half a frame': '{"t":"MESSAGE_UPDATE","s":9999,"op":0,"d":{"id":',
  'a JSON null': 'null',
  'a JSON number': '7',
  'a JSON text': '"hello"',
  'a JSON array': '[1,2]',
  'an object without op': '{"t":null,"s":null,"d":null}',
  'an op that is a text': '{"t":null,"s":null,"op":"10","d":{}}',
  'an op that is a fraction': '{"t":null,"s":null,"op":1.5,"d":{}}',
  'a dispatch without t': '{"t":null,"s":9999,"op":0,"d":{}}',
  'a dispatch without s': '{"t":"MESSAGE_UPDATE","s":null,"op":0,"d":{}}',
  'a dispatch with s as a text': '{"t":"MESSAGE_UPDATE","s":"9999","op":0,"d":{}}',
  'a dispatch with s as a fraction': '{"t":"MESSAGE_UPDATE","s":1.5,"op":0,"d":{}}',
  'a dispatch with t as a number': '{"t":5,"s":9999,"op":0,"d":{}}',
  'HELLO without an interval': '{"t":null,"s":null,"op":10,"d":{}}',
  'HELLO with null': '{"t":null,"s":null,"op":10,"d":null}',
  'HELLO with an interval of 0': '{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":0}}',
  'HELLO with a negative interval': '{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":-1}}',
  'HELLO with an interval as a text': '{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":"41250"}}',
  'READY without a session': '{"t":"READY","s":1,"op":0,"d":{}}',
  'READY with null': '{"t":"READY","s":1,"op":0,"d":null}',
};

/** Frames that are unusual: ignored or passed on, never reported, never a crash. */
const ignored: Record<string, string> = {
  'an unknown op': '{"t":null,"s":null,"op":77,"d":{"x":1}}',
  'an unknown event': '{"t":"NEVER_HEARD_OF","s":1,"op":0,"d":{"x":1}}',
  'an event with null': '{"t":"NEVER_HEARD_OF","s":1,"op":0,"d":null}',
  'an event without d': '{"t":"NEVER_HEARD_OF","s":1,"op":0}',
  'an event named like a method': '{"t":"__proto__","s":1,"op":0,"d":null}',
  'an event named constructor': '{"t":"constructor","s":1,"op":0,"d":null}',
  'keys in another order': '{"op":0,"d":{"x":1},"s":1,"t":"NEVER_HEARD_OF"}',
  'unknown keys': '{"t":"NEVER_HEARD_OF","s":1,"op":0,"d":{},"trace":["a"],"op2":7}',
  'white space': ' { "t" : "NEVER_HEARD_OF" , "s" : 1 , "op" : 0 , "d" : {} } ',
  'an ack of nothing': '{"t":null,"s":null,"op":11,"d":null}',
  'a second HELLO': '{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":41250}}',
};

describe.concurrent('a connection goes on after', () => {
  for (const [name, text] of Object.entries(reported)) {
    it(
      `${name}, which is reported`,
      scenario({}, async ({ simulator, shard, malformed }) => {
        shard.on('MESSAGE_UPDATE', () => {});
        const numbers = flow(simulator, shard);
        await shard.connect();
        await until(() => numbers.received.length > 3);
        const { session } = shard;
        simulator.sendText(text);
        await until(() => malformed.length === 1);
        await numbers.isWhole();
        expect(malformed[0]).toEqual({ reason: expect.stringMatching(/\w/), excerpt: text.slice(0, 120) });
        expect(shard.stats.malformed).toBe(1);
        expect(shard.session?.id).toBe(session?.id);
        // Nothing of it was believed: the resume says the sequence of what really came.
        simulator.reset();
        await until(() => story(simulator).length === 2);
        await reached(shard, 'Connected');
        expect(data(sentBy(simulator, 6)[0])).toMatchObject({ session_id: session?.id, seq: numbers.sent + 1 });
        expect(story(simulator)).toEqual(['identify /', 'resume /resume']);
      }),
    );
  }

  for (const [name, text] of Object.entries(ignored)) {
    it(
      `${name}, which is no mistake`,
      scenario({}, async ({ simulator, shard, malformed }) => {
        const heard: unknown[] = [];
        shard.on('dispatch', ({ t }) => heard.push(t));
        const numbers = flow(simulator, shard);
        await shard.connect();
        await until(() => numbers.received.length > 3);
        simulator.sendText(text);
        const mark = numbers.sent;
        await until(() => numbers.received.length > mark);
        await numbers.isWhole();
        expect(malformed).toEqual([]);
        const { t } = JSON.parse(text) as { t: string | null };
        if (t !== null) expect(heard).toContain(t);
        expect(story(simulator)).toEqual(['identify /']);
      }),
    );
  }
});

describe.concurrent('a shard', () => {
  it(
    'that gets garbage instead of HELLO and READY gives up waiting and comes back',
    scenario(
      {
        simulator: {
          script: [
            { at: 'hello', sendText: 'garbage' },
            { at: 'identify', sendText: '{"t":"READY","s":1,"op":0,"d":{}}' },
          ],
        },
      },
      async ({ simulator, shard, malformed }) => {
        await shard.connect();
        expect(story(simulator)).toEqual(['identify /', 'identify /']);
        expect(malformed).toHaveLength(2);
      },
    ),
  );

  for (const [name, text] of Object.entries({
    'op 9 with null': '{"t":null,"s":null,"op":9,"d":null}',
    'op 9 with a text': '{"t":null,"s":null,"op":9,"d":"true"}',
  })) {
    it(
      `that gets ${name} takes it for false`,
      scenario({}, async ({ simulator, shard }) => {
        await shard.connect();
        simulator.sendText(text);
        await until(() => story(simulator).length === 2);
        await reached(shard, 'Connected');
        expect(story(simulator)).toEqual(['identify /', 'identify /']);
      }),
    );
  }

  it(
    'reports corrupt data and comes back, every time',
    scenario({}, async ({ simulator, shard, malformed }) => {
      const numbers = flow(simulator, shard);
      await shard.connect();
      for (let times = 1; times <= 3; times += 1) {
        await until(() => numbers.received.length > times * 5);
        simulator.sendCorrupt();
        await until(() => story(simulator).length === times + 1);
        await reached(shard, 'Connected');
      }
      await numbers.isWhole();
      expect(malformed).toHaveLength(3);
      expect(malformed[0]?.reason).toContain('corrupt');
    }),
  );

  it(
    'takes plain text on a compressed connection as it comes',
    scenario({ shard: { compression: 'none' } }, async ({ simulator, shard, malformed }) => {
      await shard.connect();
      simulator.sendText(`{"t":"TYPING_START","s":2,"op":0,"d":${'['.repeat(50_000)}`);
      await until(() => malformed.length === 0 || shard.sequence === 2);
      expect(shard.state).toBe('Connected');
    }),
  );
});
