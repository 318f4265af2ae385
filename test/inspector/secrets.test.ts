import { expect, test } from 'vitest';
import { createActor, createMachine, fromCallback, fromPromise, setup } from 'xstate';
import { attachInspector } from '../../src/inspector/index.js';
import { createRedactor } from '../../src/inspector/redact.js';
import { shardOn, simulate, TOKEN } from '../shard/rig.js';
import { countingShard, viewerOf } from './rig.js';

/** Secret by its shape. It is joined from pieces, so that no scanner takes it for a leaked token. */
const SHAPED = ['MTk4NjIyNDgzNDcxOTI1MjQ4', 'Cl2FMQ', 'ZnCjm1XVW7vRze4b7Cq4se7kKWsXXXX'].join('.');
/** Secret because the option `secrets` names it. */
const NAMED = 'planted-and-named';
/** Secret because of its key. */
const KEYED = 'planted under a key';
const SESSION_ID = '0123456789abcdef0123456789abcdef';
const RESUME_URL = 'wss://gateway-us-east1-b.discord.gg/resume';

/** Every kind of secret, under keys that suggest one and keys that do not. */
const planted = () => ({
  text: `a token ${SHAPED} and a secret ${NAMED}`,
  [`key ${NAMED}`]: 1,
  token: KEYED,
  nested: [{ apiKey: KEYED, Authorization: { scheme: 'Bot', credentials: KEYED } }],
  session: { id: SESSION_ID, sequence: 1, resumeUrl: RESUME_URL },
  session_id: SESSION_ID,
  resume_gateway_url: RESUME_URL,
  note: `resumes ${SESSION_ID} at ${RESUME_URL}`,
});

const wholly = { ...planted(), input: KEYED, output: KEYED, data: KEYED };

class Failure extends Error {
  readonly token = KEYED;
  readonly value = planted();
}

test('secrets in context, input, output, events, errors and names reach no viewer', async () => {
  const machine = setup({
    types: { context: {} as Record<string, unknown> },
    actors: {
      given: fromCallback<{ type: string }, unknown>(() => {}),
      gives: fromPromise<unknown, unknown>(() => Promise.resolve({ anything: KEYED, ...planted() })),
      fails: fromPromise<unknown>(() => Promise.reject(new Failure(`${KEYED} ${SHAPED}`))),
      nested: createMachine({ id: 'nested', context: planted() }),
    },
  }).createMachine({
    id: 'evil',
    context: ({ input }) => ({ ...planted(), given: input }),
    initial: 'on',
    on: { event: {}, '*': {} },
    states: {
      on: {
        meta: planted(),
        invoke: [
          { src: 'given', id: 'given', input: () => ({ anything: KEYED, ...planted() }) },
          { src: 'gives', id: 'gives', input: { anything: KEYED, ...planted() } },
          { src: 'fails', id: 'fails', onError: {} },
          { src: 'nested', id: 'nested' },
        ],
        on: { go: 'over' },
      },
      over: { type: 'final' },
    },
    output: { anything: KEYED },
  });
  const actor = createActor(machine, { id: `shard ${NAMED}`, input: { token: KEYED, text: SHAPED } as never }).start();
  await using inspector = attachInspector({ id: 0, actor }, { secrets: [NAMED] });
  using viewer = await viewerOf(inspector, (it) => it.texts.length >= 5);
  actor.send({ type: 'event', payload: wholly } as never);
  actor.send({ type: `event ${NAMED}` } as never);
  actor.send({ type: 'go' });
  await expect
    .poll(() => viewer.messages.findLast(({ sessionId }) => sessionId === actor.sessionId)?.snapshot?.status)
    .toBe('done');
  using late = await viewerOf(inspector, () => true);
  const all = [...viewer.texts, ...late.texts].join('\n');
  for (const secret of [SHAPED, NAMED, KEYED, SESSION_ID, RESUME_URL, 'gateway-us-east1-b', SHAPED.slice(-27)]) {
    expect(all, secret).not.toContain(secret);
  }
  // The places of the secrets are shown, and so is the rest.
  const kinds = new Set(viewer.messages.map(({ type }) => type));
  expect(kinds).toEqual(new Set(['@xstate.actor', '@xstate.event', '@xstate.snapshot']));
  expect(all).toContain('"token":"[redacted]"');
  expect(all).toContain('"input":"[omitted]"');
  expect(all).toContain('"output":"[omitted]"');
  expect(all).toContain('"session":{"id":"0123…","sequence":1,"resumeUrl":"wss://…"}');
  expect(all).toContain('a token [redacted] and a secret [redacted]');
});

test('a shard from connect to shutdown sends its token, session id and resume URL to no viewer', async () => {
  await using simulator = await simulate();
  await using shard = shardOn(simulator);
  await using inspector = attachInspector(shard);
  using viewer = await viewerOf(inspector, ({ texts }) => texts.length > 0);
  await shard.connect();
  const { session } = shard;
  const resumed = new Promise((resolve) => shard.once('resumed', resolve));
  simulator.closeWith(4000);
  await resumed;
  await shard.send({ op: 3, d: { since: null, activities: [], status: 'online', afk: false } });
  await shard.shutdown();
  await expect.poll(() => viewer.last('shard 0')?.snapshot?.status).toBe('stopped');
  const all = viewer.texts.join('\n');
  for (const secret of [TOKEN, `${session?.id}`, `${session?.resumeUrl}`]) expect(all).not.toContain(secret);
  expect(all).toContain('gateway.resumed');
});

test('events that JSON cannot write are shown in part or dropped, and the shard runs on', async () => {
  const shard = countingShard();
  await using inspector = attachInspector(shard);
  using viewer = await viewerOf(inspector, ({ texts }) => texts.length === 1);
  const circle: Record<string, unknown> = { type: 'circle' };
  circle['self'] = circle;
  const odd = {
    type: 'odd',
    big: 10n,
    call: () => {},
    error: new Failure('x'),
    none: undefined,
    bytes: Buffer.from(KEYED),
    map: new Map([['a', KEYED]]),
    long: NAMED.repeat(1_000),
    proto: JSON.parse('{"__proto__":{"a":1}}') as unknown,
  };
  const throwing = {
    type: 'throwing',
    get value() {
      throw new Error('no');
    },
  };
  const wide = {
    type: 'wide',
    rows: Array.from({ length: 500 }, () => Array.from({ length: 500 }, () => ({ a: [1] }))),
  };
  let deep: unknown = 0;
  for (let n = 0; n < 5_000; n++) deep = { deep };
  for (const event of [circle, odd, throwing, wide, { type: 'deep', deep }]) shard.actor.send(event as never);
  shard.actor.send({ type: 'count' });
  await expect.poll(() => viewer.last('shard 0')?.snapshot?.context).toEqual({ count: 1 });
  const events = new Map(
    viewer.messages.filter(({ type }) => type === '@xstate.event').map(({ event }) => [event?.type, event]),
  );
  expect([...events.keys()]).toEqual(['circle', 'odd', 'wide', 'deep', 'count']);
  expect(events.get('circle')).toEqual({ type: 'circle', self: '[circular]' });
  expect(events.get('odd')).toEqual({
    type: 'odd',
    big: '10',
    call: { type: 'call' },
    error: { name: 'Error' },
    bytes: `[${KEYED.length} bytes]`,
    map: {},
    long: '[a text of 17000 characters]',
    proto: JSON.parse('{"__proto__":{"a":1}}') as unknown,
  });
  // The event that throws is dropped twice: as an event and with its snapshot.
  expect(inspector.dropped).toBe(2);
  for (const text of viewer.texts) expect(text.length).toBeLessThanOrEqual(262_144);
});

test('redacting twice gives the same as once, and leaves charts and numbers unchanged', () => {
  const redact = createRedactor([NAMED, `${NAMED}-and-longer`]);
  expect(redact(redact(wholly))).toEqual(redact(wholly));
  expect(redact(`${NAMED}-and-longer`)).toBe('[redacted]');
  const chart = {
    id: 'shard',
    states: { Offline: { on: { connect: '#shard.Online' } } },
    after: { 100: 'x' },
    ok: [true, null],
  };
  expect(redact(chart)).toEqual(chart);
});
