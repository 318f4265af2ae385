import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HandOver } from '../../src/manager/handOver.js';

/** Guilds, and none, with their shards of 4 and of 8. */
const places = {
  home: { guildId: String(5n << 22n), old: 1, new: 5 },
  near: { guildId: String(13n << 22n), old: 1, new: 5 },
  away: { guildId: String(2n << 22n), old: 2, new: 2 },
  direct: { guildId: undefined, old: 0, new: 0 },
};
type Place = keyof typeof places;
const { guildId: home } = places.home;

const names = {
  m: 'MESSAGE_CREATE',
  x: 'MESSAGE_DELETE',
  t: 'TYPING_START',
  c: 'GUILD_MEMBERS_CHUNK',
  g: 'GUILD_CREATE',
  d: 'GUILD_DELETE',
};

function start(begun: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7]) {
  let nowMs = 0;
  const told: [name: string, value: unknown, shardId: number][] = [];
  const texts = new Map<unknown, string>();
  const handOver = new HandOver({
    deliver: (...it) => told.push(it),
    currentTotal: 4,
    nextTotal: 8,
    nowMs: () => nowMs,
  });
  for (const shardId of begun) handOver.onSessionBegun(shardId, []);

  function bring(side: 'old' | 'new', text: string): void {
    const [what = '', place = 'home'] = text.replace('#', '').split('.');
    const { guildId, ...shards } = places[place as Place];
    const t = names[what.charAt(0) as keyof typeof names];
    const d = t.startsWith('GUILD_') && what.length === 1 ? { id: guildId } : { guild_id: guildId, id: what.slice(1) };
    const [name, value] = text.startsWith('#') ? ['dispatch', { t, s: texts.size, op: 0, d }] : [t, d];
    texts.set(value, `${side}:${text}`);
    if (side === 'old') handOver.onCurrentEvent(name, value, shards.old);
    else handOver.onNextEvent(name, value, shards.new);
  }

  function step(text: string): void {
    const [verb = '', rest = ''] = text.split(':');
    if (verb === 'old' || verb === 'new') bring(verb, rest);
    else if (verb === 'begun') handOver.onSessionBegun(5, rest === '' ? [] : [places[rest as Place].guildId ?? '']);
    else if (verb === 'switch') handOver.switchOver();
    else {
      nowMs += Number(verb.replace('ms', ''));
      handOver.sweep();
    }
  }
  return {
    handOver,
    told,
    pass: (ms: number) => step(`${ms}ms`),
    /** `old:m1.near`: the old set brings message 1 of that guild. Answers `old:m1.near@1`: the old set's is told, at shard 1. */
    run(script: string): string {
      told.splice(0);
      for (const text of script.split(' ')) step(text);
      return told.map(([, value, shardId]) => `${texts.get(value)}@${shardId}`).join(' ');
    },
  };
}

type Scene = [does: string, told: string];

const scenes: Record<string, readonly Scene[]> = {
  'what the old set brings is told at once, with its shard, and its double is dropped': [
    ['old:m1', 'old:m1@1'],
    ['new:m1 60000ms', ''],
  ],
  'what the new set brings first waits for the old set, which tells it': [
    ['new:m1 9999ms', ''],
    ['old:m1', 'old:m1@1'],
    ['60000ms', ''],
  ],
  'what the old set has not brought in 10 s is told with the old shard, and its replay is dropped': [
    ['new:m1 new:t 10000ms', 'new:m1@1 new:t@1'],
    ['30000ms old:m1 old:t', ''],
  ],
  'an event the old set has missed is told before the one after it; should it come after all, it is dropped': [
    ['new:m1 new:m2 new:m3 old:m2', 'new:m1@1 old:m2@1'],
    ['old:m1 old:m3 60000ms', 'old:m3@1'],
  ],
  'so is one before an event without an id, if the new shard began 10 s ago': [
    ['10000ms new:m1 new:t old:t', 'new:m1@1 old:t@1'],
  ],
  'so is one before an event that the new shard does not know, if it began 10 s ago': [
    ['10000ms new:t old:m1', 'new:t@1 old:m1@1'],
  ],
  'what the old set brings of the time before the new shard began is told before what waits': [
    ['new:m1 new:t old:t old:m1 old:t', 'old:t@1 old:m1@1 old:t@1'],
    ['new:m2 old:x0 old:m2', 'old:x0@1 old:m2@1'],
  ],
  'what waits is told when the new set has what comes after it in the old one': [
    ['new:m1 old:m2', 'old:m2@1'],
    ['new:m2', 'new:m1@1'],
    ['old:m1 60000ms', ''],
  ],
  'one guild does not wait for another of its shard': [
    ['new:m1.near new:m2 old:m2', 'old:m2@1'],
    ['old:m1.near', 'old:m1.near@1'],
  ],
  'a direct message has its double at shard 0': [
    ['new:m1.direct old:m1.direct new:m2.direct 10000ms', 'old:m1.direct@0 new:m2.direct@0'],
  ],
  'as many of the same content are told as there were': [
    ['old:t new:t new:t old:t old:t new:t 60000ms', 'old:t@1 old:t@1 old:t@1'],
  ],
  'the dispatch and the event of its name are both told; the sequences of the sets make no difference': [
    ['new:#m1 new:m1 new:#x1 old:#m1 old:m1 old:#x1 60000ms', 'old:#m1@1 old:m1@1 old:#x1@1'],
  ],
  'neither is the double of the other, nor one event that of another with its id': [
    ['old:#m1 new:m1 new:#x1 old:#x1.away switch', 'old:#m1@1 old:#x1.away@2 new:m1@5 new:#x1@5'],
  ],
  'the answer to a request is told at once: it has no double': [
    ['old:c1 new:c1', 'old:c1@1 new:c1@1'],
    ['switch old:c1 new:c1', 'old:c1@5 new:c1@5'],
  ],
  'a new shard has what the old set brought while its READY was under way': [
    ['old:m1', 'old:m1@1'],
    ['4999ms begun new:m1 60000ms', ''],
  ],
  'a new shard has nothing of before, first and again: the next of the same content is news': [
    ['old:t old:t.away 5000ms begun switch', 'old:t@1 old:t.away@2'],
    ['new:t new:t.away', 'new:t@5'],
    ['old:t old:t 5000ms begun new:t', 'old:t@5 new:t@5'],
  ],
  'a new shard tells no GUILD_CREATE of its READY, by either name, but the next one': [
    ['switch begun:home new:#g new:g', ''],
    ['new:#g new:g new:g.near', 'new:#g@5 new:g@5 new:g.near@5'],
    ['begun:home new:g new:#g new:g', 'new:g@5'],
  ],
  'a new shard tells the GUILD_CREATE after a GUILD_DELETE': [['switch begun:home new:d new:g', 'new:d@5 new:g@5']],
  'the switch-over tells all that waits, in order of arrival, with the new shards': [
    ['new:m1 new:m2.away new:m3 switch switch', 'new:m1@5 new:m2.away@2 new:m3@5'],
    ['old:m1 old:m3', ''],
  ],
  'after it whichever set has an event first tells it, with the new shard': [
    ['switch new:m1 old:m1 old:m2 new:m2', 'new:m1@5 old:m2@5'],
  ],
  'what has come on one set only is remembered for 60 s': [
    ['switch old:t old:t.near 59999ms new:t', 'old:t@5 old:t.near@5'],
    ['1ms new:t.near', 'new:t.near@5'],
  ],
  'it is forgotten before, once both sets have passed it by: the next of its content is news': [
    ['switch old:t 1000ms old:m1 new:m1 new:t', 'old:t@5 old:m1@5 new:t@5'],
    ['new:t 1000ms new:m3 old:m3 old:t', 'new:t@5 new:m3@5 old:t@5'],
  ],
  'but not if it may have come out of turn': [['old:t old:m1 999ms new:m1 new:t 60000ms', 'old:t@1 old:m1@1']],
};

/** Shards that have begun before the first step, where not all have. */
const begunBefore: Record<string, readonly number[]> = {
  'a new shard has what the old set brought while its READY was under way': [],
  'a new shard has nothing of before, first and again: the next of the same content is news': [2],
};

test.each(Object.entries(scenes))('%s', (sentence, its) => {
  const stage = start(begunBefore[sentence]);
  for (const [does, told] of its) expect(stage.run(does), does).toBe(told);
});

describe('the double of an event', () => {
  const role = (id: string, position = 0) => ({ guild_id: home, role: { id, position } });
  const thread = { guild_id: home, id: '1', newly_created: true };

  test.each<[name: string, doubles: number, one: object, two: object]>([
    ['MESSAGE_CREATE', 1, { guild_id: home, id: '1', content: 'a' }, { guild_id: home, id: '1', content: 'b' }],
    ['TYPING_START', 0, { guild_id: home, user_id: '1' }, { guild_id: home, user_id: '2' }],
    ['GUILD_ROLE_CREATE', 1, role('1'), role('1', 1)],
    ['GUILD_ROLE_CREATE', 0, role('1'), role('2')],
    ['GUILD_ROLE_DELETE', 1, { guild_id: home, role_id: '1' }, { guild_id: home, role_id: '1', more: 1 }],
    ['GUILD_CREATE', 1, { id: home, member_count: 1 }, { id: home, member_count: 2 }],
    ['THREAD_CREATE', 1, thread, { ...thread, name: 'b' }],
    ['THREAD_CREATE', 0, thread, { ...thread, newly_created: undefined }],
  ])('is known by its id, or all it says: %s, %i of %j and %j', (name, doubles, one, two) => {
    const { handOver, told } = start();
    handOver.onCurrentEvent(name, one, 1);
    handOver.onNextEvent(name, two, 5);
    handOver.switchOver();
    expect(told.map(([, value]) => value)).toEqual([one, two].slice(0, 2 - doubles));
    expect(handOver.matches).toBe(doubles);
  });

  const odd = [null, undefined, 7, 'text', [], { guild_id: 'x' }, { guild_id: 7 }, { guild_id: '-1' }, { id: null }];
  const named = ['MESSAGE_CREATE', 'GUILD_CREATE', 'GUILD_DELETE', 'GUILD_ROLE_CREATE', 'constructor'];
  test.each([
    ...odd.flatMap((d) => named.map((name) => [name, d])),
    ...odd.flatMap((d) => named.map((t) => ['dispatch', { t, d }])),
    ...[null, undefined, 7, {}, { t: null }, { t: { toString: 1 } }].map((payload) => ['dispatch', payload]),
  ] as [string, unknown][])('is dropped without a throw, whatever it is: %s %j', (name, value) => {
    const { handOver, told, pass } = start();
    handOver.onNextEvent(name, value, 0);
    handOver.onCurrentEvent(name, value, 0);
    pass(60_000);
    handOver.onNextEvent(name, value, 0);
    pass(10_000);
    expect(told).toEqual(Array.from({ length: 2 }, () => [name, value, 0]));
  });
});

test('what comes on every shard is told as often as by the larger set, whatever comes between', () => {
  const { handOver, told, pass } = start();
  for (let shard = 0; shard < 4; shard += 1) handOver.onCurrentEvent('USER_UPDATE', {}, shard);
  pass(1_000);
  handOver.onCurrentEvent('MESSAGE_CREATE', { id: '1' }, 0);
  handOver.onNextEvent('USER_UPDATE', {}, 0);
  handOver.onNextEvent('MESSAGE_CREATE', { id: '1' }, 0);
  for (let shard = 1; shard < 8; shard += 1) handOver.onNextEvent('USER_UPDATE', {}, shard);
  handOver.switchOver();
  expect(told.filter(([name]) => name === 'USER_UPDATE')).toHaveLength(8);
});

test('of more than 100 000 that wait the oldest is told', () => {
  const { handOver, told } = start();
  for (let id = 0; id < 100_000; id += 1) handOver.onNextEvent('MESSAGE_CREATE', { guild_id: home, id: String(id) }, 5);
  expect(told).toEqual([]);
  handOver.onNextEvent('MESSAGE_CREATE', { guild_id: home, id: 'one more' }, 5);
  expect(told).toEqual([['MESSAGE_CREATE', { guild_id: home, id: '0' }, 1]]);
});

test('READY and RESUMED are told by the set in service; the newest READYs of the new one first of all', () => {
  const { handOver, told } = start();
  handOver.onCurrentEvent('READY', 'old', 1);
  handOver.onCurrentEvent('RESUMED', 'old', 1);
  handOver.onNextEvent('USER_UPDATE', {}, 5);
  for (const shardId of [5, 2]) for (const value of ['stale', 'new']) handOver.onNextEvent('READY', value, shardId);
  handOver.onNextEvent('dispatch', { t: 'READY' }, 2);
  handOver.onNextEvent('RESUMED', 'new', 5);
  expect(told.splice(0).map(([name]) => name)).toEqual(['READY', 'RESUMED']);
  handOver.switchOver();
  handOver.onCurrentEvent('dispatch', { t: 'RESUMED' }, 1);
  handOver.onNextEvent('RESUMED', 'later', 3);
  const texts = told.map(([name, value, shardId]) => `${name} ${typeof value === 'string' ? value : '-'} ${shardId}`);
  expect(texts).toEqual(['READY new 2', 'dispatch - 2', 'READY new 5', 'USER_UPDATE - 5', 'RESUMED later 3']);
});

const GUILDS = [...[0n, 1n, 3n].map((place) => String(place << 22n)), undefined];
const shardOf = (guildId: string | undefined, total: number) => Number((BigInt(guildId ?? 0) >> 22n) % BigInt(total));
const ms = (max: number) => fc.nat(max);
const four = <T>(each: fc.Arbitrary<T>) => fc.array(each, { minLength: 4, maxLength: 4 });
/** What would come meanwhile comes when it is over. */
const away = fc.record({ fromMs: ms(20_000), forMs: fc.oneof(ms(0), ms(4_000), ms(30_000)) });
const part = fc.array(
  fc.record({
    gapMs: ms(1_500),
    guildId: fc.constantFrom(...GUILDS),
    /** Null for a message. */
    typist: fc.constantFrom(null, null, 0, 1),
    lagsMs: fc.record({ old: ms(4_000), new: ms(4_000) }),
  }),
  { maxLength: 40, size: 'max' },
);
const story = fc.record({
  first: part,
  later: part,
  begins: four(fc.record({ atMs: ms(20_000), readyMs: ms(4_000) })),
  away: fc.record({ old: four(away), new: four(away) }),
  switchAfterMs: fc.oneof(ms(0), ms(60_000)),
  endAfterMs: fc.oneof(ms(0), ms(60_000)),
});
type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

interface Happening {
  readonly atMs: number;
  readonly guildId: string | undefined;
  readonly lagsMs: { readonly old: number; readonly new: number };
  readonly value: { readonly id?: string; readonly guild_id: string | undefined };
}

/** Between its parts there is a quiet moment, and a message in each guild. */
function happenings({ first, later, begins, away }: Story): { happened: readonly Happening[]; quietMs: number } {
  const happened: Happening[] = [];
  let atMs = 0;
  const happen = ({ gapMs, guildId, typist, lagsMs }: Story['first'][number]) => {
    atMs += gapMs;
    const what = typist === null ? { id: String(happened.length) } : { typist };
    happened.push({ atMs, guildId, lagsMs, value: { ...what, guild_id: guildId } });
  };
  first.forEach(happen);
  const endsMs = [...away.old, ...away.new].map(({ fromMs, forMs }) => fromMs + forMs);
  const quietMs = Math.max(atMs, ...endsMs, ...begins.map((it) => it.atMs)) + 6_000;
  atMs = quietMs;
  for (const guildId of GUILDS) happen({ gapMs: 0, guildId, typist: null, lagsMs: { old: 500, new: 900 } });
  later.forEach(happen);
  return { happened, quietMs };
}

/** Two shards and four, side by side. The old ones end after the quiet moment, or never. */
function play(told: Story, oldEnds: boolean) {
  const { happened, quietMs } = happenings(told);
  const heard: Happening['value'][] = [];
  const steps: [atMs: number, step: () => void][] = [];
  let nowMs = 0;
  const deliver = (_: string, value: unknown) => heard.push(value as Happening['value']);
  const handOver = new HandOver({ deliver, currentTotal: 2, nextTotal: 4, nowMs: () => nowMs });

  const begunMs = told.begins.map(({ atMs, readyMs }) => atMs + readyMs);
  const switchMs = Math.max(...begunMs) + told.switchAfterMs;
  const endMs = oldEnds ? Math.max(quietMs + 1_000, switchMs) + told.endAfterMs : Infinity;
  begunMs.forEach((atMs, shardId) => steps.push([atMs, () => handOver.onSessionBegun(shardId, [])]));

  /** Of a guild: in order. */
  const last = { old: new Map<string | undefined, number>(), new: new Map<string | undefined, number>() };
  const arrival = ({ atMs, guildId, lagsMs }: Happening, side: 'old' | 'new', shardId: number, fromMs: number) => {
    const lost = told.away[side][shardId] ?? { fromMs: 0, forMs: 0 };
    const freeMs = Math.max(atMs + lagsMs[side], fromMs, last[side].get(guildId) ?? 0);
    const arrivesMs = freeMs >= lost.fromMs ? Math.max(freeMs, lost.fromMs + lost.forMs) : freeMs;
    last[side].set(guildId, arrivesMs);
    return arrivesMs;
  };
  /** Nobody can say of the first which typing is which, and the second are too late to be told in order. */
  const unsure = new Set<string | undefined>();
  const late = new Set<string | undefined>();
  for (const happening of happened) {
    const { atMs, guildId, value } = happening;
    const name = value.id === undefined ? 'TYPING_START' : 'MESSAGE_CREATE';
    const [oldShard, newShard] = [shardOf(guildId, 2), shardOf(guildId, 4)];
    const knownMs = begunMs[newShard] ?? 0;
    const oldMs = arrival(happening, 'old', oldShard, 0);
    if (oldMs <= endMs) steps.push([oldMs, () => handOver.onCurrentEvent(name, value, oldShard)]);
    if (atMs >= (told.begins[newShard]?.atMs ?? 0)) {
      steps.push([arrival(happening, 'new', newShard, knownMs), () => handOver.onNextEvent(name, value, newShard)]);
    } else {
      if (oldMs >= knownMs - 6_000) unsure.add(guildId);
      if (oldMs >= Math.min(knownMs + 10_000, switchMs)) late.add(value.id);
    }
  }
  steps.push([switchMs, () => handOver.switchOver()]);
  for (let atMs = 0; atMs <= 500_000; atMs += 1_000) steps.push([atMs, () => handOver.sweep()]);
  for (const [atMs, step] of steps.toSorted(([one], [two]) => one - two)) {
    nowMs = atMs;
    step();
  }
  const mustBeInOrder = ({ id, guild_id }: Happening['value']) =>
    id === undefined ? !unsure.has(guild_id) : !late.has(id);
  return { happened: happened.map(({ value }) => value), heard, doubles: handOver.matches, mustBeInOrder };
}

const sorted = (values: readonly object[]) => values.map((value) => JSON.stringify(value)).toSorted();

test.each([
  ['the old set ends', true],
  ['the old set stays', false],
])('whatever the lags, whoever is away: each event is told once, in order per guild; %s', (_, oldEnds) => {
  let doubles = 0;
  const holds = fc.property(story, (told) => {
    const { happened, heard, mustBeInOrder, ...played } = play(told, oldEnds);
    doubles += played.doubles;
    expect(sorted(heard)).toEqual(sorted(happened));
    for (const guildId of GUILDS) {
      const its = (values: typeof heard) => values.filter((it) => it.guild_id === guildId && mustBeInOrder(it));
      expect(its(heard)).toEqual(its(happened));
    }
  });
  fc.assert(holds, { numRuns: 300 });
  expect(doubles).toBeGreaterThan(1_000);
});
