import { describe, expect, test, vi } from 'vitest';
import { SendQueue } from '../../src/shard/sendQueue.js';

function start(max = 10) {
  const chart = { refusal: () => null, queue: vi.fn(), cancel: vi.fn() };
  return { chart, queue: new SendQueue(max, chart) };
}

const guildMembers = { op: 8, d: { guild_id: '1', query: '', limit: 0 } };

describe('the queue', () => {
  test('hands a ticket to the chart and keeps the payload; resolves once it was sent', async () => {
    const { chart, queue } = start();
    const sent = queue.send(guildMembers, { priority: true });
    expect(chart.queue).toHaveBeenCalledExactlyOnceWith({ id: 1, priority: true, presence: false });
    expect(JSON.parse(queue.text(1) ?? '')).toEqual(guildMembers);
    expect(queue.size).toBe(1);
    queue.sent(1);
    await sent;
    expect(queue.size).toBe(0);
    expect(queue.text(1)).toBeUndefined();
  });

  test('op 3 is a presence', () => {
    const { chart, queue } = start();
    void queue.send({ op: 3, d: {} });
    expect(chart.queue).toHaveBeenCalledWith({ id: 1, priority: false, presence: true });
  });

  test.each([0, 1, 2, 5, 6, 7, 9, 10, 11, 999, '8', null, undefined])('op %s is not for a user to send', async (op) => {
    const { chart, queue } = start();
    await expect(queue.send({ op: op as number, d: {} })).rejects.toMatchObject({
      code: 'INVALID_PAYLOAD',
      value: op,
    });
    expect(chart.queue).not.toHaveBeenCalled();
  });

  test.each([null, undefined, 'text', 8])('%s is no payload: rejected, not thrown', async (payload) => {
    const { queue } = start();
    await expect(queue.send(payload as never)).rejects.toMatchObject({ code: 'INVALID_PAYLOAD' });
  });

  test('a payload that JSON cannot write is refused with the cause', async () => {
    const { queue } = start();
    await expect(queue.send({ op: 8, d: 1n })).rejects.toMatchObject({
      code: 'INVALID_PAYLOAD',
      cause: expect.any(TypeError) as TypeError,
    });
  });

  test('4 096 bytes of UTF-8 pass, one more is refused, and nothing else is lost', async () => {
    const { queue } = start();
    const longest = `${'ü'.repeat(2_040)}x`;
    expect(Buffer.byteLength(JSON.stringify({ op: 8, d: longest }))).toBe(4_096);
    const first = queue.send(guildMembers);
    const fits = queue.send({ op: 8, d: longest });
    expect(queue.size).toBe(2);
    await expect(queue.send({ op: 8, d: `${longest}x` })).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
      value: 4_097,
    });
    queue.sent(1);
    queue.sent(2);
    await Promise.all([first, fits]);
  });

  test('over queue.max a send is refused, and there is room again once one has left', async () => {
    const { queue } = start(2);
    const first = queue.send(guildMembers);
    void queue.send(guildMembers);
    await expect(queue.send(guildMembers)).rejects.toMatchObject({ code: 'QUEUE_FULL', value: 2 });
    queue.sent(1);
    await first;
    void queue.send(guildMembers);
    expect(queue.size).toBe(2);
  });

  test('withdrawn by its signal: the ticket is cancelled and the promise rejects with the reason', async () => {
    const { chart, queue } = start();
    const abort = new AbortController();
    const reason = new Error('no longer needed');
    const sent = queue.send(guildMembers, { signal: abort.signal });
    abort.abort(reason);
    await expect(sent).rejects.toBe(reason);
    expect(chart.cancel).toHaveBeenCalledExactlyOnceWith(1);
    expect(queue.text(1)).toBeUndefined();
  });

  test('withdrawn before it was sent at all: nothing is queued', async () => {
    const { chart, queue } = start();
    const reason = new Error('too late');
    await expect(queue.send(guildMembers, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(chart.queue).not.toHaveBeenCalled();
  });

  test('an abort after it has left changes nothing', async () => {
    const { chart, queue } = start();
    const abort = new AbortController();
    const sent = queue.send(guildMembers, { signal: abort.signal });
    queue.sent(1);
    await sent;
    abort.abort();
    expect(chart.cancel).not.toHaveBeenCalled();
  });

  test('when the shard goes down all that waits is rejected and cancelled', async () => {
    const { chart, queue } = start();
    const down = new Error('down');
    const all = [queue.send(guildMembers), queue.send(guildMembers), queue.send(guildMembers)];
    queue.rejectAll(down);
    for (const sent of all) await expect(sent).rejects.toBe(down);
    expect(chart.cancel.mock.calls).toEqual([[1], [2], [3]]);
    expect(queue.size).toBe(0);
  });
});
