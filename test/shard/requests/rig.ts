import { vi } from 'vitest';
import { PendingRequests } from '../../../src/shard/requests/pendingRequests.js';
import type { DispatchEvents } from '../../../src/shard/events.js';

export const BOT = '80351110224678912';
export const everyone = { guild_id: '1', query: '', limit: 0 };

/** A shard that sends at once, and a gateway that says what the test says. */
export function start({
  send = async () => {},
  refusal = () => null,
  intents = (1 << 1) | (1 << 8),
}: { send?: PendingRequests['send']; refusal?: PendingRequests['refusal']; intents?: number } = {}) {
  const sent: { op: number; d: Record<string, unknown> }[] = [];
  const failed = vi.fn();
  const requests = new PendingRequests({
    userId: BOT,
    intents,
    refusal,
    failed,
    send(payload, options) {
      sent.push(payload as (typeof sent)[number]);
      return send(payload, options);
    },
  });
  const say = (t: keyof DispatchEvents, d: unknown) => requests.onDispatch(t, d as never);
  return {
    requests,
    sent,
    failed,
    say,
    chunk: (index: number, count: number, more: object = {}) =>
      say('GUILD_MEMBERS_CHUNK', {
        guild_id: '1',
        nonce: sent.at(-1)?.d['nonce'],
        chunk_index: index,
        chunk_count: count,
        members: [{ nick: `m${index}` }],
        ...more,
      }),
    limit: (seconds: unknown, meta: object = { guild_id: '1' }) =>
      say('RATE_LIMITED', { opcode: sent.at(-1)?.op, retry_after: seconds, meta }),
    /** Events somebody listens to; READY is always one, for the bot's id. */
    listened: () =>
      (
        [
          'GUILD_MEMBERS_CHUNK',
          'RATE_LIMITED',
          'VOICE_STATE_UPDATE',
          'VOICE_SERVER_UPDATE',
          'SOUNDBOARD_SOUNDS',
          'CHANNEL_INFO',
          'down',
        ] as const
      ).filter((name) => requests.answers.has(name)),
  };
}

export type Rig = ReturnType<typeof start>;

/** Lets promises run on. */
export const turn = () => vi.advanceTimersByTimeAsync(0);

/** A shard whose payloads wait until the test lets them leave. */
export function startWaiting() {
  const waiting: (() => void)[] = [];
  const rig = start({ send: () => new Promise((resolve) => waiting.push(resolve)) });
  return { ...rig, leave: () => waiting.splice(0).forEach((resolve) => resolve()) };
}
