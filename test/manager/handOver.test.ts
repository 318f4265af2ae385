import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HandOver } from '../../src/manager/handOver.js';

/** Guilds and direct messages, with their shards of 4 and of 8. */
const places = {
  home: { guildId: String(5n << 22n), current: 1, next: 5 },
  near: { guildId: String(13n << 22n), current: 1, next: 5 },
  away: { guildId: String(2n << 22n), current: 2, next: 2 },
  direct: { guildId: undefined, current: 0, next: 0 },
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
  const delivered: [name: string, value: unknown, shardId: number][] = [];
  const texts = new Map<unknown, string>();
  const handOver = new HandOver({
    deliver: (...it) => delivered.push(it),
    currentTotal: 4,
    nextTotal: 8,
    nowMs: () => nowMs,
  });
  for (const shardId of begun) handOver.onSessionBegun(shardId, []);

  function bring(side: 'current' | 'next', text: string): void {
    const [what = '', place = 'home'] = text.replace('#', '').split('.');
    const { guildId, ...shards } = places[place as Place];
    const t = names[what.charAt(0) as keyof typeof names];
    const d = t.startsWith('GUILD_') && what.length === 1 ? { id: guildId } : { guild_id: guildId, id: what.slice(1) };
    const [name, value] = text.startsWith('#') ? ['dispatch', { t, s: texts.size, op: 0, d }] : [t, d];
    texts.set(value, `${side}:${text}`);
    if (side === 'current') handOver.onCurrentEvent(name, value, shards.current);
    else handOver.onNextEvent(name, value, shards.next);
  }

  function step(text: string): void {
    const [verb = '', rest = ''] = text.split(':');
    if (verb === 'current' || verb === 'next') bring(verb, rest);
    else if (verb === 'begun') handOver.onSessionBegun(5, rest === '' ? [] : [places[rest as Place].guildId ?? '']);
    else if (verb === 'switch') handOver.switchOver();
    else {
      nowMs += Number(verb.replace('ms', ''));
      handOver.sweep();
    }
  }
  return {
    handOver,
    delivered,
    pass: (ms: number) => step(`${ms}ms`),
    /** `current:m1.near`: the current set brings message 1 of guild `near`. Result `current:m1.near@1`: it is delivered as shard 1's. */
    run(script: string): string {
      delivered.splice(0);
      for (const text of script.split(' ')) step(text);
      return delivered.map(([, value, shardId]) => `${texts.get(value)}@${shardId}`).join(' ');
    },
  };
}

type Scene = [does: string, delivered: string];

const scenes: Record<string, readonly Scene[]> = {
  'an event of the current set is delivered at once with its shard, and the copy is dropped': [
    ['current:m1', 'current:m1@1'],
    ['next:m1 60000ms', ''],
  ],
  'an event that the next set brings first is held, and delivered when the current set brings it': [
    ['next:m1 9999ms', ''],
    ['current:m1', 'current:m1@1'],
    ['60000ms', ''],
  ],
  'an event that the current set does not bring in 10 s is delivered with the current shard, and its replay is dropped':
    [
      ['next:m1 next:t 10000ms', 'next:m1@1 next:t@1'],
      ['30000ms current:m1 current:t', ''],
    ],
  'an event that the current set missed is delivered before the one after it, and dropped if it comes later': [
    ['next:m1 next:m2 next:m3 current:m2', 'next:m1@1 current:m2@1'],
    ['current:m1 current:m3 60000ms', 'current:m3@1'],
  ],
  'a held event before a match without an id is delivered first, if the next shard began 10 s ago': [
    ['10000ms next:m1 next:t current:t', 'next:m1@1 current:t@1'],
  ],
  'a held event is delivered before an event that only the current set has, if the next shard began 10 s ago': [
    ['10000ms next:t current:m1', 'next:t@1 current:m1@1'],
  ],
  'events from before the next shard began are delivered before held ones': [
    ['next:m1 next:t current:t current:m1 current:t', 'current:t@1 current:m1@1 current:t@1'],
    ['next:m2 current:x0 current:m2', 'current:x0@1 current:m2@1'],
  ],
  'a held event is delivered when the next set brings one that the current set brought already': [
    ['next:m1 current:m2', 'current:m2@1'],
    ['next:m2', 'next:m1@1'],
    ['current:m1 60000ms', ''],
  ],
  'a held event of one guild stays held at a match of another guild of its shard': [
    ['next:m1.near next:m2 current:m2', 'current:m2@1'],
    ['current:m1.near', 'current:m1.near@1'],
  ],
  'a direct message matches at shard 0': [
    ['next:m1.direct current:m1.direct next:m2.direct 10000ms', 'current:m1.direct@0 next:m2.direct@0'],
  ],
  'three typings of the same content on both sets are delivered three times': [
    ['current:t next:t next:t current:t current:t next:t 60000ms', 'current:t@1 current:t@1 current:t@1'],
  ],
  'the dispatch and the event of its name are both delivered, whatever the sequences of the sets': [
    [
      'next:#m1 next:m1 next:#x1 current:#m1 current:m1 current:#x1 60000ms',
      'current:#m1@1 current:m1@1 current:#x1@1',
    ],
  ],
  'a dispatch never matches the event of its name, nor an event another with its id': [
    ['current:#m1 next:m1 next:#x1 current:#x1.away switch', 'current:#m1@1 current:#x1.away@2 next:m1@5 next:#x1@5'],
  ],
  'the answer to a request is delivered at once from either set': [
    ['current:c1 next:c1', 'current:c1@1 next:c1@1'],
    ['switch current:c1 next:c1', 'current:c1@5 next:c1@5'],
  ],
  'an event of the 5 s before READY of a next shard matches that shard’s copy': [
    ['current:m1', 'current:m1@1'],
    ['4999ms begun next:m1 60000ms', ''],
  ],
  'an event older than 5 s at READY of a next shard never matches a later one of the same content': [
    ['current:t current:t.away 5000ms begun switch', 'current:t@1 current:t.away@2'],
    ['next:t next:t.away', 'next:t@5'],
    ['current:t current:t 5000ms begun next:t', 'current:t@5 next:t@5'],
  ],
  'the GUILD_CREATE that follows READY is not delivered, by either name, the one after it is': [
    ['switch begun:home next:#g next:g', ''],
    ['next:#g next:g next:g.near', 'next:#g@5 next:g@5 next:g.near@5'],
    ['begun:home next:g next:#g next:g', 'next:g@5'],
  ],
  'the GUILD_CREATE after a GUILD_DELETE is delivered': [['switch begun:home next:d next:g', 'next:d@5 next:g@5']],
  'switchOver() delivers all held events in order of arrival, with the next shards': [
    ['next:m1 next:m2.away next:m3 switch switch', 'next:m1@5 next:m2.away@2 next:m3@5'],
    ['current:m1 current:m3', ''],
  ],
  'after switchOver() the set that has an event first delivers it, with the next shard': [
    ['switch next:m1 current:m1 current:m2 next:m2', 'next:m1@5 current:m2@5'],
  ],
  'an unmatched event is remembered for 60 s': [
    ['switch current:t current:t.near 59999ms next:t', 'current:t@5 current:t.near@5'],
    ['1ms next:t.near', 'next:t.near@5'],
  ],
  'an unmatched event is forgotten when both sets are past it: the next of its content is delivered': [
    ['switch current:t 1000ms current:m1 next:m1 next:t', 'current:t@5 current:m1@5 next:t@5'],
    ['next:t 1000ms next:m3 current:m3 current:t', 'next:t@5 next:m3@5 current:t@5'],
  ],
  'an unmatched event younger than 1 s is remembered when both sets are past it': [
    ['current:t current:m1 999ms next:m1 next:t 60000ms', 'current:t@1 current:m1@1'],
  ],
};

/** Shards whose session began before the first step, where not all did. */
const begunBefore: Record<string, readonly number[]> = {
  'an event of the 5 s before READY of a next shard matches that shard’s copy': [],
  'an event older than 5 s at READY of a next shard never matches a later one of the same content': [2],
};

test.each(Object.entries(scenes))('%s', (sentence, its) => {
  const rig = start(begunBefore[sentence]);
  for (const [does, delivered] of its) expect(rig.run(does), does).toBe(delivered);
});

describe('the copy of an event', () => {
  const role = (id: string, position = 0) => ({ guild_id: home, role: { id, position } });
  const thread = { guild_id: home, id: '1', newly_created: true };

  test.each<[name: string, matches: number, one: object, two: object]>([
    ['MESSAGE_CREATE', 1, { guild_id: home, id: '1', content: 'a' }, { guild_id: home, id: '1', content: 'b' }],
    ['TYPING_START', 0, { guild_id: home, user_id: '1' }, { guild_id: home, user_id: '2' }],
    ['GUILD_ROLE_CREATE', 1, role('1'), role('1', 1)],
    ['GUILD_ROLE_CREATE', 0, role('1'), role('2')],
    ['GUILD_ROLE_DELETE', 1, { guild_id: home, role_id: '1' }, { guild_id: home, role_id: '1', more: 1 }],
    ['GUILD_CREATE', 1, { id: home, member_count: 1 }, { id: home, member_count: 2 }],
    ['THREAD_CREATE', 1, thread, { ...thread, name: 'b' }],
    ['THREAD_CREATE', 0, thread, { ...thread, newly_created: undefined }],
  ])('is recognised by its id or its content: %s, %i match in %j and %j', (name, matches, one, two) => {
    const { handOver, delivered } = start();
    handOver.onCurrentEvent(name, one, 1);
    handOver.onNextEvent(name, two, 5);
    handOver.switchOver();
    expect(delivered.map(([, value]) => value)).toEqual([one, two].slice(0, 2 - matches));
    expect(handOver.matches).toBe(matches);
  });

  const odd = [null, undefined, 7, 'text', [], { guild_id: 'x' }, { guild_id: 7 }, { guild_id: '-1' }, { id: null }];
  const named = ['MESSAGE_CREATE', 'GUILD_CREATE', 'GUILD_DELETE', 'GUILD_ROLE_CREATE', 'constructor'];
  test.each([
    ...odd.flatMap((d) => named.map((name) => [name, d])),
    ...odd.flatMap((d) => named.map((t) => ['dispatch', { t, d }])),
    ...[null, undefined, 7, {}, { t: null }, { t: { toString: 1 } }].map((payload) => ['dispatch', payload]),
  ] as [string, unknown][])('of a malformed event is dropped, and nothing throws: %s %j', (name, value) => {
    const { handOver, delivered, pass } = start();
    handOver.onNextEvent(name, value, 0);
    handOver.onCurrentEvent(name, value, 0);
    pass(60_000);
    handOver.onNextEvent(name, value, 0);
    pass(10_000);
    expect(delivered).toEqual(Array.from({ length: 2 }, () => [name, value, 0]));
  });
});

test('USER_UPDATE on all 4 current and 8 next shards is delivered 8 times', () => {
  const { handOver, delivered, pass } = start();
  for (let shard = 0; shard < 4; shard += 1) handOver.onCurrentEvent('USER_UPDATE', {}, shard);
  pass(1_000);
  handOver.onCurrentEvent('MESSAGE_CREATE', { id: '1' }, 0);
  handOver.onNextEvent('USER_UPDATE', {}, 0);
  handOver.onNextEvent('MESSAGE_CREATE', { id: '1' }, 0);
  for (let shard = 1; shard < 8; shard += 1) handOver.onNextEvent('USER_UPDATE', {}, shard);
  handOver.switchOver();
  expect(delivered.filter(([name]) => name === 'USER_UPDATE')).toHaveLength(8);
});

test('with 100 001 held events the oldest is delivered', () => {
  const { handOver, delivered } = start();
  for (let id = 0; id < 100_000; id += 1) handOver.onNextEvent('MESSAGE_CREATE', { guild_id: home, id: String(id) }, 5);
  expect(delivered).toEqual([]);
  handOver.onNextEvent('MESSAGE_CREATE', { guild_id: home, id: 'one more' }, 5);
  expect(delivered).toEqual([['MESSAGE_CREATE', { guild_id: home, id: '0' }, 1]]);
});

test('READY and RESUMED come from the set in service; switchOver() delivers the newest READYs of the next set first', () => {
  const { handOver, delivered } = start();
  handOver.onCurrentEvent('READY', 'old', 1);
  handOver.onCurrentEvent('RESUMED', 'old', 1);
  handOver.onNextEvent('USER_UPDATE', {}, 5);
  for (const shardId of [5, 2]) for (const value of ['stale', 'new']) handOver.onNextEvent('READY', value, shardId);
  handOver.onNextEvent('dispatch', { t: 'READY' }, 2);
  handOver.onNextEvent('RESUMED', 'new', 5);
  expect(delivered.splice(0).map(([name]) => name)).toEqual(['READY', 'RESUMED']);
  handOver.switchOver();
  handOver.onCurrentEvent('dispatch', { t: 'RESUMED' }, 1);
  handOver.onNextEvent('RESUMED', 'later', 3);
  const texts = delivered.map(
    ([name, value, shardId]) => `${name} ${typeof value === 'string' ? value : '-'} ${shardId}`,
  );
  expect(texts).toEqual(['READY new 2', 'dispatch - 2', 'READY new 5', 'USER_UPDATE - 5', 'RESUMED later 3']);
});

const GUILDS = [...[0n, 1n, 3n].map((place) => String(place << 22n)), undefined];
const shardOf = (guildId: string | undefined, total: number) => Number((BigInt(guildId ?? 0) >> 22n) % BigInt(total));
const ms = (max: number) => fc.nat(max);
const four = <T>(each: fc.Arbitrary<T>) => fc.array(each, { minLength: 4, maxLength: 4 });
/** A time without a connection: its events come at the end. */
const away = fc.record({ fromMs: ms(20_000), forMs: fc.oneof(ms(0), ms(4_000), ms(30_000)) });
const part = fc.array(
  fc.record({
    gapMs: ms(1_500),
    guildId: fc.constantFrom(...GUILDS),
    /** Null for a message. */
    typist: fc.constantFrom(null, null, 0, 1),
    lagsMs: fc.record({ current: ms(4_000), next: ms(4_000) }),
  }),
  { maxLength: 40, size: 'max' },
);
const story = fc.record({
  first: part,
  later: part,
  begins: four(fc.record({ atMs: ms(20_000), readyMs: ms(4_000) })),
  away: fc.record({ current: four(away), next: four(away) }),
  switchAfterMs: fc.oneof(ms(0), ms(60_000)),
  endAfterMs: fc.oneof(ms(0), ms(60_000)),
});
type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

interface Happening {
  readonly atMs: number;
  readonly guildId: string | undefined;
  readonly lagsMs: { readonly current: number; readonly next: number };
  readonly value: { readonly id?: string; readonly guild_id: string | undefined };
}

/** Events of a story. Between its two parts there is a quiet moment, and a message in each guild. */
function happenings({ first, later, begins, away }: Story): { happened: readonly Happening[]; quietMs: number } {
  const happened: Happening[] = [];
  let atMs = 0;
  const happen = ({ gapMs, guildId, typist, lagsMs }: Story['first'][number]) => {
    atMs += gapMs;
    const what = typist === null ? { id: String(happened.length) } : { typist };
    happened.push({ atMs, guildId, lagsMs, value: { ...what, guild_id: guildId } });
  };
  first.forEach(happen);
  const endsMs = [...away.current, ...away.next].map(({ fromMs, forMs }) => fromMs + forMs);
  const quietMs = Math.max(atMs, ...endsMs, ...begins.map((it) => it.atMs)) + 6_000;
  atMs = quietMs;
  for (const guildId of GUILDS) happen({ gapMs: 0, guildId, typist: null, lagsMs: { current: 500, next: 900 } });
  later.forEach(happen);
  return { happened, quietMs };
}

/** Plays a story with two current and four next shards. The current ones end after the quiet moment, or never. */
function play(played: Story, currentEnds: boolean) {
  const { happened, quietMs } = happenings(played);
  const heard: Happening['value'][] = [];
  const steps: [atMs: number, step: () => void][] = [];
  let nowMs = 0;
  const deliver = (_: string, value: unknown) => heard.push(value as Happening['value']);
  const handOver = new HandOver({ deliver, currentTotal: 2, nextTotal: 4, nowMs: () => nowMs });

  const begunMs = played.begins.map(({ atMs, readyMs }) => atMs + readyMs);
  const switchMs = Math.max(...begunMs) + played.switchAfterMs;
  const endMs = currentEnds ? Math.max(quietMs + 1_000, switchMs) + played.endAfterMs : Infinity;
  begunMs.forEach((atMs, shardId) => steps.push([atMs, () => handOver.onSessionBegun(shardId, [])]));

  /** Arrival of the last event, by guild: events of a guild stay in order. */
  const last = { current: new Map<string | undefined, number>(), next: new Map<string | undefined, number>() };
  const arrival = ({ atMs, guildId, lagsMs }: Happening, side: 'current' | 'next', shardId: number, fromMs: number) => {
    const lost = played.away[side][shardId] ?? { fromMs: 0, forMs: 0 };
    const freeMs = Math.max(atMs + lagsMs[side], fromMs, last[side].get(guildId) ?? 0);
    const arrivesMs = freeMs >= lost.fromMs ? Math.max(freeMs, lost.fromMs + lost.forMs) : freeMs;
    last[side].set(guildId, arrivesMs);
    return arrivesMs;
  };
  /** Guilds whose typings cannot be told apart, and events that come too late to be delivered in order. */
  const unsure = new Set<string | undefined>();
  const late = new Set<string | undefined>();
  for (const happening of happened) {
    const { atMs, guildId, value } = happening;
    const name = value.id === undefined ? 'TYPING_START' : 'MESSAGE_CREATE';
    const [currentShard, nextShard] = [shardOf(guildId, 2), shardOf(guildId, 4)];
    const knownMs = begunMs[nextShard] ?? 0;
    const currentMs = arrival(happening, 'current', currentShard, 0);
    if (currentMs <= endMs) steps.push([currentMs, () => handOver.onCurrentEvent(name, value, currentShard)]);
    if (atMs >= (played.begins[nextShard]?.atMs ?? 0)) {
      steps.push([arrival(happening, 'next', nextShard, knownMs), () => handOver.onNextEvent(name, value, nextShard)]);
    } else {
      if (currentMs >= knownMs - 6_000) unsure.add(guildId);
      if (currentMs >= Math.min(knownMs + 10_000, switchMs)) late.add(value.id);
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
  return { happened: happened.map(({ value }) => value), heard, matches: handOver.matches, mustBeInOrder };
}

const sorted = (values: readonly object[]) => values.map((value) => JSON.stringify(value)).toSorted();

test.each([
  ['the current set ends', true],
  ['the current set stays', false],
])('random lags and outages: each event is delivered once, in order per guild; %s', (_, currentEnds) => {
  let matches = 0;
  const holds = fc.property(story, (told) => {
    const { happened, heard, mustBeInOrder, ...played } = play(told, currentEnds);
    matches += played.matches;
    expect(sorted(heard)).toEqual(sorted(happened));
    for (const guildId of GUILDS) {
      const its = (values: typeof heard) => values.filter((it) => it.guild_id === guildId && mustBeInOrder(it));
      expect(its(heard)).toEqual(its(happened));
    }
  });
  fc.assert(holds, { numRuns: 300 });
  expect(matches).toBeGreaterThan(1_000);
});
