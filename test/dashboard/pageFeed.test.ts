import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { FeedListener } from '../../src/dashboard/page/feed.js';
import { LiveFeed } from '../../src/dashboard/page/liveFeed.js';

const SETTLED_MS = 200;

/** The browser's EventSource; the test plays its server. */
class Stream extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  static all: Stream[] = [];
  static get alive(): Stream[] {
    return Stream.all.filter(({ readyState }) => readyState !== Stream.CLOSED);
  }
  readyState = Stream.CONNECTING;
  readonly url: string;

  constructor(url: string) {
    super();
    this.url = url;
    Stream.all.push(this);
  }

  close(): void {
    this.readyState = Stream.CLOSED;
  }

  opens(): void {
    this.readyState = Stream.OPEN;
    this.dispatchEvent(new Event('open'));
  }

  fails(readyState: number): void {
    this.readyState = readyState;
    this.dispatchEvent(new Event('error'));
  }

  send(kind: string, message: object): void {
    this.dispatchEvent(new MessageEvent(kind, { data: JSON.stringify(message) }));
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('EventSource', Stream);
  Stream.all = [];
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function opened() {
  const received: unknown[] = [];
  const note =
    (kind: string) =>
    (message: unknown): void =>
      void received.push([kind, message]);
  const listener: FeedListener = {
    fleet: note('fleet'),
    changes: note('changes'),
    totals: note('totals'),
    shard: note('shard'),
    link: note('link'),
  };
  const feed = new LiveFeed(listener);
  const choose = (key: string): Stream => {
    feed.select(key);
    vi.advanceTimersByTime(SETTLED_MS);
    return Stream.all.at(-1) as Stream;
  };
  Stream.all[0]?.opens();
  return { feed, received, choose, first: Stream.all[0] as Stream };
}

const urls = () => Stream.alive.map(({ url }) => url);

describe('a page of shards that run', () => {
  test('keeps its stream until the next shard’s stream is open, and has at most two', () => {
    const { choose, first } = opened();
    const second = choose('7');
    expect(urls()).toEqual(['/events', '/events?shard=7']);
    second.opens();
    expect(urls()).toEqual(['/events?shard=7']);
    expect(first.readyState).toBe(Stream.CLOSED);
    choose('8');
    choose('9');
    const last = choose('+3');
    expect(urls()).toEqual(['/events?shard=7', '/events?shard=%2B3']);
    last.opens();
    expect(urls()).toEqual(['/events?shard=%2B3']);
  });

  test('opens one stream after many quick selections', () => {
    const { feed } = opened();
    for (const key of ['1', '2', '3', '4']) {
      feed.select(key);
      vi.advanceTimersByTime(50);
    }
    vi.advanceTimersByTime(SETTLED_MS);
    expect(urls()).toEqual(['/events', '/events?shard=4']);
  });

  test('takes fleet messages of the old stream, but no shard message of an earlier selection', () => {
    const { feed, received, choose } = opened();
    const seven = choose('7');
    seven.opens();
    const eight = choose('8');
    feed.select('7');
    received.length = 0;
    seven.send('changes', { n: 1 });
    seven.send('shard', { key: '7', isWhole: false });
    eight.opens();
    eight.send('fleet', { n: 2 });
    eight.send('shard', { key: '8', isWhole: true });
    vi.advanceTimersByTime(SETTLED_MS);
    const again = Stream.all.at(-1) as Stream;
    again.opens();
    again.send('shard', { key: '7', isWhole: true });
    expect(received).toEqual([
      ['changes', { n: 1 }],
      ['link', 'open'],
      ['fleet', { n: 2 }],
      ['link', 'open'],
      ['shard', { key: '7', isWhole: true }],
    ]);
  });

  test('closes its stream where the browser has no connection left for the next', () => {
    const { choose, received } = opened();
    choose('7');
    vi.advanceTimersByTime(1_000);
    expect(urls()).toEqual(['/events?shard=7']);
    Stream.all.at(-1)?.opens();
    expect(received.at(-1)).toEqual(['link', 'open']);
    vi.advanceTimersByTime(1_000);
    expect(urls()).toEqual(['/events?shard=7']);
  });

  test('shows waiting only while no stream is open, and reconnects after a refusal', () => {
    const { received, choose, first } = opened();
    received.length = 0;
    choose('7').fails(Stream.CLOSED);
    expect(received).toEqual([]);
    first.send('totals', {});
    vi.advanceTimersByTime(2_000);
    expect(urls()).toEqual(['/events', '/events?shard=7']);
    const again = Stream.alive.at(-1) as Stream;
    again.opens();
    again.fails(Stream.CONNECTING);
    expect(received.at(-1)).toEqual(['link', 'waiting']);
  });

  test('opens a new stream after eight seconds of silence', () => {
    const { received, first } = opened();
    first.send('totals', {});
    vi.advanceTimersByTime(7_000);
    expect(received.at(-1)).toEqual(['totals', {}]);
    vi.advanceTimersByTime(4_000);
    expect(received).toContainEqual(['link', 'waiting']);
    expect(Stream.all).toHaveLength(2);
  });
});
