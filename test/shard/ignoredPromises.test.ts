import { inspect } from 'node:util';
import { describe, expect, it, test } from 'vitest';
import type { Shard } from '../../src/index.js';
import { runProgram } from '../program.js';
import { scenario, TOKEN } from './rig.js';

test('every member that returns a promise is called and its promise ignored: no rejection is unhandled', () => {
  const { stdout, stderr, status } = runProgram(`await import('./test/programs/ignored.mjs');`);
  expect({ status, stderr }).toMatchObject({ status: 0 });
  const { unknown, unhandled, lines } = JSON.parse(stdout) as Record<'unknown' | 'unhandled' | 'lines', string[]>;
  expect(unhandled).toEqual([]);
  // A new member belongs into a table of test/programs/ignored.mjs.
  expect(unknown).toEqual([]);
  expect(lines.join('\n')).toMatch(/payloads? of op 3.* left unsent: The shard was told to go down/);
  expect(lines.join('\n')).toMatch(/a call failed with INVALID_PAYLOAD: /);
});

const voice = { op: 4, d: { guild_id: '1', channel_id: null, self_mute: false, self_deaf: false } };
const soundboard = { op: 31, d: { guild_ids: ['1'] } };

describe.concurrent('a close', () => {
  it(
    'with 3 payloads in the queue and a request without an answer: one line with their numbers by op',
    scenario({}, async ({ shard, simulator, lines }) => {
      await shard.connect();
      void shard.requestSoundboardSounds(['1']);
      await simulator.waitForFrame(({ op }) => op === 31);
      simulator.next({ at: 'upgrade', hang: true });
      shard.disconnect();
      const sends = [shard.send(voice), shard.send(voice), shard.send(soundboard)];
      await shard.close();
      const outcomes = await Promise.allSettled(sends);
      expect(outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.code)).toEqual(
        Array.from({ length: 3 }, () => 'CLOSED'),
      );
      expect(lines.warn.filter((line) => line.includes('left'))).toEqual([
        'shard 0: 2 payloads of op 4, 1 payload of op 31 left unsent; 1 request of op 31 left unanswered: The shard was told to go down. Call connect() to bring it up again.',
      ]);
    }),
  );

  it(
    'with nothing in the queue: no such line',
    scenario({}, async ({ shard, lines }) => {
      await shard.connect();
      await shard.send(voice);
      await shard.close();
      expect(lines.warn).toEqual([]);
    }),
  );
});

describe.concurrent('a call that is refused', () => {
  it(
    '100 times in a loop, by a full queue: one line in the log, and each promise rejects',
    scenario({ shard: { queue: { max: 1 } } }, async ({ shard, lines }) => {
      void shard.connect();
      const sends = Array.from({ length: 101 }, () => shard.send(voice));
      await shard.close();
      const codes = (await Promise.allSettled(sends)).map((it) => it.status === 'rejected' && it.reason.code);
      expect(codes.filter((code) => code === 'QUEUE_FULL')).toHaveLength(100);
      expect(lines.warn.filter((line) => line.includes('QUEUE_FULL'))).toHaveLength(1);
    }),
  );

  it.each<[string, (shard: Shard) => unknown]>([
    ['close({ code })', (shard) => shard.close({ code: TOKEN as never })],
    ['close({ reason })', (shard) => shard.close({ reason: TOKEN.repeat(3) })],
    ['shutdown({ code })', (shard) => shard.shutdown({ code: TOKEN as never })],
    ['disconnect({ code })', (shard) => shard.disconnect({ code: TOKEN as never })],
    ['forceClose(code)', (shard) => shard.forceClose(TOKEN as never)],
    ['send({ op })', (shard) => shard.send({ op: TOKEN as never, d: {} })],
    ['updatePresence({ token })', (shard) => shard.updatePresence({ token: TOKEN } as never)],
    ['requestGuildMembers({ guild_id })', (shard) => shard.requestGuildMembers({ guild_id: TOKEN } as never)],
    [
      'requestGuildMembersIterator({ guild_id })',
      (shard) => shard.requestGuildMembersIterator({ guild_id: TOKEN } as never).next(),
    ],
    ['updateVoiceState({ guild_id })', (shard) => shard.updateVoiceState({ guild_id: TOKEN } as never)],
    ['requestSoundboardSounds([token])', (shard) => shard.requestSoundboardSounds([TOKEN])],
    ['requestChannelInfo({ guild_id })', (shard) => shard.requestChannelInfo({ guild_id: TOKEN } as never)],
    ['events({ buffer })', (shard) => shard.events({ buffer: TOKEN as never })],
  ])('%s with the token as the value: the error keeps its code and does not show the token', async (_, call) => {
    await scenario({}, async ({ shard }) => {
      const error: unknown = await (async () => call(shard))().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'ShardError', code: expect.stringMatching(/^INVALID_/) });
      expect(inspect(error, { depth: 9 })).not.toContain(TOKEN);
    })();
  });
});
