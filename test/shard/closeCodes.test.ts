import { describe, expect, it } from 'vitest';
import { FatalShardError } from '../../src/index.js';
import { flow, reached, scenario, stays, story, until } from './rig.js';

const resume = [
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 4000, 4001, 4002, 4005, 4008, 3000, 4006, 4999,
];
const identify = [4003, 4007, 4009];
const fatal: [code: number, advice: RegExp][] = [
  [4004, /token/i],
  [4010, /\[0, 1\] was sent/],
  [4011, /total/],
  [4012, /version/],
  [4013, /intents/i],
  [4014, /Developer Portal/],
];

describe.concurrent('a connected shard that is closed with', () => {
  for (const code of resume) {
    it(
      `${code} resumes, and loses nothing`,
      scenario({}, async ({ simulator, shard, transitions }) => {
        const numbers = flow(simulator, shard);
        await shard.connect();
        await until(() => numbers.received.length > 5);
        simulator.closeWith(code, 'because');
        await until(() => story(simulator).length === 2);
        await reached(shard, 'Connected');
        await numbers.isWhole();
        expect(story(simulator)).toEqual(['identify /', 'resume /resume']);
        const { decision } = transitions.find((record) => record.decision !== null) ?? {};
        expect(decision).toMatchObject({ action: 'resume', code, reason: expect.stringContaining('because') });
      }),
    );
  }

  for (const code of identify) {
    it(
      `${code} identifies at the first URL`,
      scenario({}, async ({ simulator, shard, transitions }) => {
        const numbers = flow(simulator, shard);
        await shard.connect();
        await until(() => numbers.received.length > 5);
        const { session } = shard;
        simulator.closeWith(code);
        await until(() => story(simulator).length === 2);
        await reached(shard, 'Connected');
        await numbers.isOrdered();
        expect(story(simulator)).toEqual(['identify /', 'identify /']);
        expect(shard.session?.id).not.toBe(session?.id);
        expect(transitions.find((record) => record.decision !== null)?.decision).toMatchObject({
          action: 'identify',
          code,
        });
      }),
    );
  }

  for (const [code, advice] of fatal) {
    it(
      `${code} stays down for good and says what to do`,
      scenario({ simulator: { heartbeatInterval: 100 } }, async ({ simulator, shard, lines }) => {
        await shard.connect();
        const errors: FatalShardError[] = [];
        const ends: unknown[] = [];
        shard.on('fatal', (error) => errors.push(error));
        shard.on('disconnected', ({ decision }) => ends.push(decision?.action));
        simulator.closeWith(code);
        await until(() => errors.length === 1);
        expect(errors[0]).toBeInstanceOf(FatalShardError);
        expect(errors[0]).toMatchObject({ name: 'FatalShardError', code: 'FATAL', closeCode: code });
        expect(errors[0]?.message).toMatch(advice);
        expect(lines.error.join('\n')).toMatch(advice);
        expect(shard.state).toBe('Offline');
        expect(shard.session).toBeNull();
        expect(ends).toEqual(['fatal']);
        await expect(shard.connect()).rejects.toBe(errors[0]);
        await expect(shard.send({ op: 4, d: {} })).rejects.toBe(errors[0]);
        await stays(() => [simulator.connections.length, sentUpgrades(simulator)], 250);
      }),
    );

    it(
      `${code} as answer to IDENTIFY rejects connect() with the code and what to do`,
      scenario({ simulator: { script: [{ at: 'identify', closeWith: code }] } }, async ({ simulator, shard }) => {
        const error = await shard.connect().catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(FatalShardError);
        expect(error).toMatchObject({ closeCode: code, message: expect.stringMatching(advice) });
        await stays(() => sentUpgrades(simulator), 250);
        expect(story(simulator)).toEqual(['identify /']);
      }),
    );

    it(
      `${code} as answer to RESUME is fatal too, and what waited to be sent is refused`,
      scenario({ simulator: { script: [{ at: 'resume', closeWith: code }] } }, async ({ simulator, shard }) => {
        await shard.connect();
        simulator.reset();
        await until(() => shard.state !== 'Connected');
        const [sent, reconnected] = await Promise.all([
          shard.send({ op: 4, d: {} }).catch((error: unknown) => error),
          shard.connect().catch((error: unknown) => error),
        ]);
        expect(sent).toBeInstanceOf(FatalShardError);
        expect(reconnected).toBe(sent);
        await stays(() => sentUpgrades(simulator), 200);
      }),
    );
  }
});

describe.concurrent('a shard the gateway itself finds fault with', () => {
  it(
    'is closed with 4004 for a wrong token',
    scenario({ shard: { token: 'wrong.token.here' }, breaks: ['authentication failed'] }, async ({ shard }) => {
      await expect(shard.connect()).rejects.toMatchObject({ closeCode: 4004 });
    }),
  );

  it(
    'is closed with 4012 for an unknown version',
    scenario({ shard: { version: 7 }, breaks: ['invalid API version'] }, async ({ shard }) => {
      await expect(shard.connect()).rejects.toMatchObject({ closeCode: 4012 });
    }),
  );

  it(
    'is closed with 4013 and 4014 for intents',
    scenario(
      {
        simulator: { allowedIntents: 0b111, disallowedIntents: 0b100 },
        shard: { intents: 0b1000 },
        breaks: ['invalid intents'],
      },
      async ({ shard }) => {
        await expect(shard.connect()).rejects.toMatchObject({ closeCode: 4013 });
      },
    ),
  );
});

function sentUpgrades(simulator: { log: readonly { kind: string }[] }): number {
  return simulator.log.filter(({ kind }) => kind === 'upgrade').length;
}
