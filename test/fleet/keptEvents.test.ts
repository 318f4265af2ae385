import { describe, expect, test } from 'vitest';
import { KeptEvents, type KeptEventsLimits } from '../../src/fleet/publish/keptEvents.js';

/** Events of sessions, written `a1 a2 b1`. */
function kept(text: string, limits?: KeptEventsLimits) {
  const events = new KeptEvents(limits);
  for (const name of text.split(' ')) {
    const sequence = Number(name.slice(1));
    events.push({ mark: name.slice(0, 1), sequence, after: sequence - 1, isFirst: sequence === 1, text: name });
  }
  return events;
}

const namesOf = (events: KeptEvents, limit?: number) =>
  events
    .next(limit)
    .map(({ text }) => text)
    .join(' ');

function publish(events: KeptEvents, count: number): void {
  events.onPublished(events.next(count).at(-1) as ReturnType<KeptEvents['next']>[0]);
}

describe('KeptEvents', () => {
  test('two sessions: the events of one script are of one session', () => {
    const events = kept('a1 a2 b1 b2');
    expect(namesOf(events)).toBe('a1 a2');
    publish(events, 2);
    expect(namesOf(events)).toBe('b1 b2');
    expect(namesOf(events, 1)).toBe('b1');
  });

  test('300 events, then texts of 600 KiB: a script takes 256 of the first, and one of the others', () => {
    const events = kept(Array.from({ length: 300 }, (_, index) => `a${index + 1}`).join(' '));
    expect(events.next()).toHaveLength(256);
    publish(events, 256);
    expect(events.waiting).toBe(44);
    publish(events, 44);
    const text = 'x'.repeat(600 * 1024);
    events.push({ mark: 'a', sequence: 301, after: 300, isFirst: false, text });
    events.push({ mark: 'a', sequence: 302, after: 301, isFirst: false, text });
    expect(events.next().map(({ sequence }) => sequence)).toEqual([301]);
  });

  test.each([
    { position: ['a', 2], next: 'a3' },
    { position: ['a', 3], next: 'b1' },
    { position: ['b', 1], next: 'b2' },
    { position: ['a', 0], next: 'a1' },
    { position: ['c', 7], next: 'a1' },
    { position: ['', 0], next: 'a1' },
  ] as const)(
    'everything published, and Redis back at $position: $next is next',
    ({ position: [mark, sequence], next }) => {
      const events = kept('a1 a2 a3 b1 b2');
      publish(events, 3);
      publish(events, 2);
      expect(events.rewind(mark, sequence)?.text).toBe(next);
      expect(namesOf(events, 1)).toBe(next);
    },
  );

  test('a position behind its session’s first kept event: that event is next, and does not follow on', () => {
    const events = kept('a1 a2 b4 b5');
    publish(events, 2);
    expect(events.rewind('b', 2)).toMatchObject({ text: 'b4', after: 3 });
  });

  test('a position at the end, and one ahead of what was confirmed: what waits goes on waiting', () => {
    const events = kept('a1 a2 a3');
    expect(events.rewind('a', 2)?.text).toBe('a1');
    publish(events, 3);
    expect(events.rewind('a', 3)).toBeNull();
    expect(events.waiting).toBe(0);
  });

  test('a limit of two recent events: older ones are forgotten, waiting ones are not', () => {
    const events = kept('a1 a2 a3 a4 a5 a6', { recent: 2 });
    publish(events, 4);
    expect(events.rewind('', 0)?.text).toBe('a3');
    expect(events.waiting).toBe(4);
  });

  test('full at its length, and no more once some are published; what waits again counts', () => {
    const events = kept('a1 a2 a3', { waitingLength: 6 });
    expect(events.isFull).toBe(true);
    publish(events, 1);
    expect(events.isFull).toBe(false);
    events.rewind('', 0);
    expect(events.isFull).toBe(true);
  });

  test('sessions that are forgotten: the number that waited, and the rest in order', () => {
    const events = kept('a1 a2 b1 b2 c1');
    publish(events, 1);
    expect(events.forget((mark) => mark !== 'b')).toBe(2);
    expect(namesOf(events)).toBe('b1 b2');
    expect(events.waiting).toBe(2);
  });

  test('an event that was forgotten while its script was under way: nothing is taken for published', () => {
    const events = kept('a1 a2');
    const [first] = events.next();
    events.forget(() => true);
    events.onPublished(first as NonNullable<typeof first>);
    events.push({ mark: 'b', sequence: 1, after: 0, isFirst: true, text: 'b1' });
    expect(namesOf(events)).toBe('b1');
  });
});
