import { createColors } from 'picocolors';
import { describe, expect, test } from 'vitest';
import { lifecycles, type Lifecycle } from '../../machines/lifecycle.js';
import { Moments } from '../../src/cli/commands/run/moments.js';
import { ShardRates } from '../../src/cli/commands/run/shardRates.js';
import { chooseShards } from '../../src/cli/commands/run/chooseShards.js';
import { drawTable } from '../../src/cli/commands/run/table.js';
import { type FleetView, FleetViewer, type ShardView } from '../../src/cli/commands/run/fleetView.js';
import { describeMoment, headline, showCount, summary } from '../../src/cli/commands/run/words.js';
import { createScreen } from '../../src/cli/terminal/screen.js';
import type { ManagerStatus } from '../../src/manager/status.js';
import { ESCAPE } from './command.js';

const AT = Date.UTC(2026, 10, 21, 13, 3);

const shard = (id: number, state: Lifecycle = 'Connected', more: Partial<ShardView> = {}): ShardView => {
  const up = state === 'Connected';
  const figures = { dispatches: 9, connections: 1, identifies: up ? 1 : 0, resumes: 0, rate: up ? 2 : 0 };
  return { id, state, latency: up ? 41 : null, sequence: up ? 1_234 : null, ...figures, ...more };
};

/** A view of a manager with these shards, in the middle of a start. */
function view(shards: readonly ShardView[], more: Partial<FleetView> = {}, identifies = {}): FleetView {
  const counts = Object.fromEntries(
    lifecycles.map((name) => [name, shards.filter(({ state }) => state === name).length]),
  ) as FleetView['counts'];
  return {
    at: AT,
    startedAt: AT,
    state: 'Starting',
    isAsking: false,
    total: shards.length,
    here: shards.length,
    counts,
    progress: { waiting: 0, opening: 0, rising: 0, closing: 0 },
    shards,
    rate: shards.reduce((sum, { rate }) => sum + rate, 0),
    latency: 41,
    ...more,
    identifies: {
      waiting: 3,
      nextAt: AT + 2_500,
      total: 1_000,
      remaining: 985,
      resetAt: AT + 3_600_000,
      reserve: 0,
      concurrency: 16,
      ...identifies,
    },
  };
}

const many = (count: number, state: (id: number) => Lifecycle = () => 'Connected') =>
  Array.from({ length: count }, (_, id) => shard(id, state(id)));
/** A start with this many of 100 shards up, this late. */
const start = (up: number, atMs: number, more: Partial<FleetView> = {}, identifies = {}) =>
  view(
    many(100, (id) => (id < up ? 'Connected' : 'Identifying')),
    { at: AT + atMs, ...more },
    identifies,
  );

const spent = (waiting: number) => ({ waiting, remaining: 5, reserve: 5 });

const status = (shards: readonly ShardView[], state: ManagerStatus['state']) =>
  ({ ...view(shards, { state }), identifies: null }) as unknown as ManagerStatus;

function terminal(columns: number) {
  const written: string[] = [];
  const stream = { isTTY: true, columns, rows: 24, write: (text: string) => written.push(text) };
  return { stream, written, screen: createScreen(stream as unknown as NodeJS.WriteStream, { NO_COLOR: '1' }) };
}

const plain = { colors: createColors(false), columns: 80, rows: 24 };

describe('the table', () => {
  test('has a headline, the identify budget, and a row for each shard', () => {
    const shards = [shard(0), shard(1, 'Resuming', { connections: 3, rate: 0.5 }), shard(2, 'Identifying')];
    expect(drawTable(view(shards), [], plain)).toEqual([
      '',
      '1/3 up · Starting · next identify in 3 s · latency 41 ms · 2.5 events/s',
      expect.stringMatching(/^985 of 1 000 identifies left until \d\d:03( tomorrow)?$/),
      '',
      'shard  state         latency   sequence  events/s  reconnects  identifies',
      '    0  Connected       41 ms      1 234       2.0           0           1',
      '    1  Resuming            -          -       0.5           2           0',
      '    2  Identifying         -          -         0           0           0',
    ]);
  });

  test('has a letter for each shard where there are more shards than rows', () => {
    const shards = many(120, (id) => (id < 70 ? 'Connected' : id === 70 ? 'Disconnected' : 'Identifying'));
    expect(drawTable(view(shards), ['the last', 'that happened'], plain).slice(3)).toEqual([
      '',
      'I 49 Identifying  • 70 Connected  D 1 Disconnected',
      '  0  •••••••••• •••••••••• •••••••••• •••••••••• ••••••••••',
      ' 50  •••••••••• •••••••••• DIIIIIIIII IIIIIIIIII IIIIIIIIII',
      '100  IIIIIIIIII IIIIIIIIII',
      '',
      'the last',
      'that happened',
    ]);
  });

  test('has longer rows where they would not fit, and counts the shards it leaves out', () => {
    const wide = drawTable(view(many(1_000)), [], { ...plain, columns: 120, rows: 20 });
    expect(wide).toHaveLength(15);
    expect(wide[6]).toMatch(/^100 (?: •{10}){10}$/);
    const small = drawTable(view(many(1_000)), [], { ...plain, rows: 12 });
    expect(small).toHaveLength(11);
    expect(small.at(-1)).toBe('760 more shards: enlarge the terminal to see them');
  });

  test.each([
    [1, 80, 24],
    [16, 80, 24],
    [16, 40, 24],
    [200, 120, 40],
    [200, 80, 10],
    [1_000, 60, 24],
    [2_000, 20, 4],
  ])('of %i shards fits %i columns and %i rows', (count, columns, rows) => {
    const recent = ['x'.repeat(300)];
    const lines = drawTable(view(many(count, () => 'Disconnected')), recent, { ...plain, columns, rows });
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(columns);
    expect(lines.length).toBeLessThan(rows);
  });

  test('has the same colours for states as transitions', () => {
    const [, , , , legend, letters] = drawTable(view(many(60)), [], { ...plain, colors: createColors(true) });
    expect(legend).toBe(`${ESCAPE}94m• 60 Connected${ESCAPE}39m`);
    expect(letters).toContain(`${ESCAPE}94m•${ESCAPE}39m`);
  });
});

describe('in words', () => {
  test('unknown figures are left out', () => {
    expect(headline(view([], { state: 'Preparing', isAsking: true }))).toEqual([
      'Preparing',
      'asking the API for the gateway',
    ]);
    const uncounted = { total: null, remaining: null, resetAt: null, waiting: 0, nextAt: null };
    expect(summary(view(many(2), { state: 'Running', latency: null }, uncounted))).toBe(
      '2/2 up · Running · 4.0 events/s',
    );
    expect(headline(view(many(2), { total: 64 })).at(-1)).toBe('64 shards in all');
  });

  test('the end of a start has a summary', () => {
    const up = (more: Partial<FleetView>, shards = many(64)) =>
      describeMoment('up', view(shards, { state: 'Running', at: AT + 20_300, ...more }, { remaining: 936 }));
    expect(up({})).toMatch(/^64 shards up in 21 s: 64 identifies spent, 936 of 1 000 identifies left until /);
    expect(up({ at: AT + 400 }, [shard(0, 'Connected', { identifies: 0, resumes: 1 })])).toMatch(
      /^1 shard up in 0.4 s: 1 resumed, 0 identifies spent, /,
    );
    expect(showCount(1_234_567)).toBe('1 234 567');
  });
});

describe('moments', () => {
  test('of a start are its beginning, every tenth of the shards and its end', () => {
    const moments = new Moments();
    expect(moments.take(start(0, 0, { state: 'Preparing', isAsking: true }))).toBe('preparing');
    expect(moments.take(start(0, 100))).toBe('starting');
    const found = Array.from({ length: 99 }, (_, up) => moments.take(start(up, 200 + up)));
    expect(found.filter((moment) => moment === 'progress')).toHaveLength(9);
    expect(moments.take(start(100, 400, { state: 'Running' }))).toBe('up');
    expect(moments.take(start(90, 60_000, { state: 'Running' }))).toBeNull();
  });

  test('come at doubling intervals while nothing changes', () => {
    const moments = new Moments();
    moments.take(start(0, 0));
    const seconds = Array.from({ length: 160 }, (_, second) => second + 1);
    expect(seconds.filter((second) => moments.take(start(0, second * 1_000)) !== null)).toEqual([10, 30, 70, 150]);
  });

  test('include the end of the identifies, once the waiting shards are counted, and their renewal', () => {
    const moments = new Moments();
    moments.take(start(90, 0));
    const opening = { waiting: 1, opening: 1, rising: 8, closing: 0 };
    expect(moments.take(start(90, 100, { progress: opening }, spent(8)))).toBeNull();
    expect(moments.take(start(90, 200, {}, spent(10)))).toBeNull();
    expect(moments.take(start(90, 300, {}, spent(10)))).toBe('exhausted');
    expect(moments.take(start(90, 400, {}, spent(10)))).toBeNull();
    expect(moments.take(start(90, 500))).toBe('renewed');
    expect(moments.take(start(90, 600))).toBeNull();
  });
});

describe('a view of a manager', () => {
  test('keeps the figures of shards that have shut down', () => {
    let now = status(many(2), 'Running');
    const manager = { status: () => now, ids: [0, 1], controller: null, getAveragePing: () => null };
    const viewer = new FleetViewer({ manager, limiter: null, reserve: 0, startedAt: AT });
    expect(viewer.read(AT).counts.Connected).toBe(2);
    now = status([shard(1, 'Disconnected')], 'Closing');
    expect(viewer.read(AT + 250).shards).toMatchObject([
      { id: 0, state: 'Offline', identifies: 1 },
      { id: 1, state: 'Disconnected' },
    ]);
    now = status([], 'Offline');
    expect(viewer.read(AT + 500)).toMatchObject({ here: 2, counts: { Offline: 2 }, rate: 0 });
  });

  test('shows the queue of a limiter from outside', () => {
    const manager = {
      status: () => status(many(1), 'Running'),
      ids: [0],
      controller: null,
      getAveragePing: () => null,
    };
    const limiter = { waiting: 7, nextAt: AT };
    expect(new FleetViewer({ manager, limiter, reserve: 0, startedAt: AT }).read(AT).identifies).toMatchObject({
      waiting: 7,
      nextAt: AT,
      remaining: null,
    });
  });

  test('averages dispatches over the last two seconds', () => {
    const rates = new ShardRates();
    for (let ms = 0; ms <= 10_000; ms += 250) rates.take(ms, [{ id: 0, dispatches: ms < 5_000 ? 0 : ms - 5_000 }]);
    expect(rates.of(0)).toBe(1_000);
    rates.take(10_250, [{ id: 0, dispatches: 1 }]);
    expect(rates.of(0)).toBe(0);
    expect(rates.of(7)).toBe(0);
  });
});

test('--shards, --total and --ids choose the shards and their total', () => {
  expect(chooseShards({})).toEqual({ total: 1 });
  expect(chooseShards({ shards: 4 })).toEqual({ total: 4 });
  expect(chooseShards({ shards: 'auto' })).toEqual({ total: 'auto' });
  expect(chooseShards({ total: 16 })).toEqual({ total: 16 });
  expect(chooseShards({ shards: 2, total: 16 })).toEqual({ total: 16, ids: [0, 1] });
  expect(chooseShards({ ids: '0,4-6,5', total: 16 })).toEqual({ total: 16, ids: [0, 4, 5, 6] });
});

describe('a screen', () => {
  test('rewrites only changed lines, in place', () => {
    const { screen, written } = terminal(80);
    screen.below(['one', 'two']);
    screen.below(['one', 'three']);
    screen.below(['one', 'three']);
    expect(written).toEqual([
      `${ESCAPE}?25l`,
      `\rone${ESCAPE}K\ntwo${ESCAPE}K\n${ESCAPE}J`,
      `\r${ESCAPE}2A\nthree${ESCAPE}K\n${ESCAPE}J`,
    ]);
    screen.end();
    screen.below(['too late']);
    expect(written.at(-1)).toBe(`${ESCAPE}?25h`);
  });

  test('scrolls lines above the block', () => {
    const { screen, written } = terminal(80);
    screen.below(['block']);
    screen.line('line');
    expect(written.at(-1)).toBe(`\r${ESCAPE}1A${ESCAPE}Jline\nblock${ESCAPE}K\n${ESCAPE}J`);
    screen.end();
  });

  test('redraws the block where a narrower terminal has wrapped its lines', () => {
    const { screen, stream, written } = terminal(80);
    screen.below(['x'.repeat(60), '']);
    stream.columns = 40;
    screen.line('line');
    expect(written.at(-1)).toMatch(`\r${ESCAPE}3A${ESCAPE}J`);
    screen.below(['y', '']);
    expect(written.at(-1)).toBe(`\r${ESCAPE}3Ay${ESCAPE}K\n\n${ESCAPE}J`);
    screen.end();
  });
});
