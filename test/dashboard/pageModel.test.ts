import { beforeEach, describe, expect, test } from 'vitest';
import { lifecycles } from '../../machines/lifecycle.js';
import { shownStates } from '../../src/dashboard/live/views.js';
import { PLOTTED_MS } from '../../src/dashboard/page/detail.js';
import { Model } from '../../src/dashboard/page/model.js';
import type { FleetMessage, Incident, LiveNumbers, ShardMessage, StepView } from '../../src/dashboard/messages.js';

const state = (name: (typeof lifecycles)[number]) => lifecycles.indexOf(name);
const CONNECTED = state('Connected');
const DISCONNECTED = state('Disconnected');
const RESUMING = state('Resuming');

const totals = { rates: null, identifies: null, latency: null };

const fleet = (states: Readonly<Record<string, number>>, more: Partial<FleetMessage> = {}): FleetMessage => ({
  at: 1_000,
  manager: null,
  total: 3,
  shards: Object.entries(states).map(([key, state]) => ({ key, id: Number(key), state, since: 500 })),
  incidents: [],
  totals,
  ...more,
});

const incident = (id: number, down = 1): Incident => ({
  id,
  at: 900,
  lastAt: 900,
  action: 'resume',
  code: 1006,
  reason: '1006 connection lost',
  shards: 1,
  ids: [1],
  times: 1,
  down,
  lost: 0,
  downAt: 900,
  endedAt: down === 0 ? 950 : null,
});

const live = (latencies: LiveNumbers['heart']['latencies'], available: number): LiveNumbers => ({
  heart: { interval: 41_250, lastBeatAt: null, lastAckAt: null, latencies },
  bucket: { capacity: 120, available },
  queue: { size: 0, max: 100 },
  stats: {
    connections: 1,
    identifies: 1,
    resumes: 0,
    dispatches: 0,
    replayed: 0,
    bytesReceived: 0,
    framesSent: 0,
    malformed: 0,
  },
});

const step = (at: number): StepView => ({
  at,
  from: CONNECTED,
  to: DISCONNECTED,
  event: 'socket.closed',
  decision: null,
  session: null,
});

const detail = (key: string, more: Partial<ShardMessage> = {}): ShardMessage => ({
  at: 2_000,
  key,
  id: Number(key),
  isWhole: false,
  state: CONNECTED,
  active: { shard: null, heartbeat: null, bucket: null },
  taken: [],
  steps: [],
  session: null,
  live: null,
  ...more,
});

let model: Model;
let changes: number;

beforeEach(() => {
  changes = 0;
  model = new Model({ source: 'live', states: shownStates, controls: null }, () => {
    changes += 1;
  });
});

describe('the fleet', () => {
  test('is counted by state, without the other set of a reshard', () => {
    model.fleet(fleet({ 2: CONNECTED, 0: CONNECTED, 1: DISCONNECTED, '+0': RESUMING }));
    expect([...model.shards.keys()]).toEqual(['0', '1', '2', '+0']);
    expect(model.counts()[CONNECTED]).toBe(2);
    expect(model.counts()[DISCONNECTED]).toBe(1);
    expect(model.counts()[RESUMING]).toBe(0);
    expect(changes).toBe(1);
  });

  test('reports only the shards that changed state', () => {
    model.fleet(fleet({ 0: CONNECTED, 1: CONNECTED }));
    expect(model.takeNews().fleet).toBe(true);
    model.changes({ at: 1_500, states: { 1: DISCONNECTED, 9: CONNECTED }, incidents: [incident(1)] });
    const news = model.takeNews();
    expect([news.fleet, [...news.moved], news.incidents]).toEqual([false, ['1'], true]);
    expect(model.shards.get('1')).toMatchObject({ state: DISCONNECTED, since: 1_500 });
    expect(model.now).toBe(1_500);
    expect(model.takeNews()).toEqual(new Model(model.setup, () => {}).takeNews());
  });

  test('is not redrawn for a fleet message with the same shards', () => {
    model.fleet(fleet({ 0: CONNECTED, 1: CONNECTED }));
    model.takeNews();
    model.fleet(fleet({ 0: CONNECTED, 1: RESUMING }, { at: 9_000 }));
    const news = model.takeNews();
    expect([news.fleet, [...news.moved]]).toEqual([false, ['1']]);
  });

  test('drops the incidents that the server has dropped', () => {
    model.fleet(fleet({ 0: CONNECTED }, { incidents: [incident(1)] }));
    model.changes({ at: 1_500, states: {}, incidents: [incident(1, 0)] });
    expect(model.incidents.get(1)?.endedAt).toBe(950);
    for (let id = 2; id <= 300; id++) {
      model.changes({ at: 1_500, states: {}, incidents: [incident(id, id === 2 ? 1 : 0)] });
    }
    expect([1, 2, 3, 101, 102, 300].map((id) => model.incidents.has(id))).toEqual([
      false,
      true,
      false,
      false,
      true,
      true,
    ]);
    expect(model.incidents.size).toBe(200);
  });

  test('selects the first shard that is not Connected, or else the first', () => {
    expect(model.firstToShow()).toBeNull();
    model.fleet(fleet({ 0: CONNECTED, 1: CONNECTED }));
    expect(model.firstToShow()).toBe('0');
    model.changes({ at: 1_500, states: { 0: RESUMING }, incidents: [] });
    expect(model.firstToShow()).toBe('0');
    model.changes({ at: 1_600, states: { 1: shownStates.indexOf('fatal') }, incidents: [] });
    expect(model.firstToShow()).toBe('1');
  });

  test('leads from an incident to a shard that is still down, in either set', () => {
    model.fleet(fleet({ 1: CONNECTED, 2: CONNECTED, '+2': DISCONNECTED, '+3': RESUMING }));
    expect(model.shardOf({ ...incident(1), ids: [1] })).toBe('1');
    expect(model.shardOf({ ...incident(1), ids: [1, 2] })).toBe('+2');
    expect(model.shardOf({ ...incident(1), ids: [3] })).toBe('+3');
    expect(model.shardOf({ ...incident(1), ids: [9] })).toBeNull();
  });

  test('takes its figures from totals, and shows a silent server as waiting', () => {
    const identifies = { waiting: 2, nextAt: 5_000, total: 1_000, remaining: 9, reserve: 0, resetAt: 90_000 };
    model.totals({ at: 3_000, manager: null, rates: { dispatches: 4, bytes: 90 }, identifies, latency: 40 });
    expect(model.figures).toEqual({ rates: { dispatches: 4, bytes: 90 }, identifies, latency: 40 });
    model.link('open');
    expect(model.isWaiting).toBe(false);
    model.link('waiting');
    expect([model.isWaiting, model.now]).toEqual([true, 3_000]);
  });
});

describe('the selected shard', () => {
  beforeEach(() => {
    model.fleet(fleet({ 0: CONNECTED, 1: CONNECTED }));
    model.select('1');
  });

  test('takes its own messages, and ignores late ones of the shard before', () => {
    model.shard(detail('0', { isWhole: true }));
    expect(model.detail).toBeNull();
    model.shard(detail('1', { isWhole: true, steps: [step(1_100)] }));
    model.shard(detail('1', { state: DISCONNECTED, steps: [step(1_900)] }));
    expect(model.detail?.steps.map(({ at }) => at)).toEqual([1_100, 1_900]);
    expect(model.detail?.state).toBe(DISCONNECTED);
  });

  test('starts over with a whole message, and with another selection', () => {
    model.shard(detail('1', { isWhole: true, steps: [step(1_100)] }));
    model.shard(detail('1', { isWhole: true, steps: [step(1_200)] }));
    expect(model.detail?.steps.map(({ at }) => at)).toEqual([1_200]);
    model.takeNews();
    model.select('0');
    expect([model.detail, model.takeNews().selection]).toEqual([null, true]);
  });

  test('hands out each taken edge once', () => {
    const taken = [{ chart: 'shard', edge: 'shard|send|0' }] as const;
    model.shard(detail('1', { isWhole: true, taken }));
    model.shard(detail('1', { taken }));
    expect(model.detail?.takeEdges()).toEqual([...taken, ...taken]);
    expect(model.detail?.takeEdges()).toEqual([]);
  });

  test('keeps the last 200 steps, and counts all of them', () => {
    model.shard(detail('1', { isWhole: true, steps: Array.from({ length: 150 }, (_, at) => step(at)) }));
    const taken = Array.from({ length: 500 }, (_, edge) => ({ chart: 'shard' as const, edge: String(edge) }));
    model.shard(detail('1', { steps: Array.from({ length: 150 }, (_, at) => step(1_000 + at)), taken }));
    expect([model.detail?.steps.length, model.detail?.stepCount, model.detail?.steps.at(-1)?.at]).toEqual([
      200, 300, 1_149,
    ]);
    expect(model.detail?.takeEdges().at(-1)?.edge).toBe('499');
  });

  test('keeps samples of the last five minutes only', () => {
    const late = 2_000 + PLOTTED_MS + 5_000;
    model.shard(detail('1', { isWhole: true, live: live([[1_990, 40]], 118) }));
    model.shard(detail('1', { at: 3_000, live: live([], 118) }));
    model.shard(detail('1', { at: 4_000, live: live([], 60) }));
    expect(model.detail?.bucket.map(({ at, available }) => [at, available])).toEqual([
      [2_000, 118],
      [4_000, 60],
    ]);
    model.shard(detail('1', { at: late, live: live([[late - 10, 55]], 118) }));
    expect(model.detail?.latencies).toEqual([[late - 10, 55]]);
    // The last sample before the plot gives the line its first value.
    expect(model.detail?.bucket.map(({ at }) => at)).toEqual([4_000, late]);
  });
});
