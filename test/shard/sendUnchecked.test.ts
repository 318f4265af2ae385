import { expect, test } from 'vitest';
import { scenario, until } from './rig.js';

test(
  'send of op 77, newer than this release: refused with a hint, and sent as it is with { unchecked: true }',
  scenario({ breaks: ['unknown opcode'] as never }, async ({ simulator, shard }) => {
    await shard.connect();
    await expect(shard.send({ op: 77, d: { a: 1 } })).rejects.toMatchObject({
      code: 'INVALID_PAYLOAD',
      message: expect.stringContaining('{ unchecked: true }'),
    });
    await shard.send({ op: 77, d: { a: 1 } }, { unchecked: true });
    await until(() => simulator.connections[0]!.frames.some(({ op }) => op === 77));
  }),
);

test.each([1, 2, 6, -1, 1.5, '3'])('send of op %s with { unchecked: true }: refused with INVALID_PAYLOAD', (op) =>
  scenario({}, async ({ shard }) => {
    await shard.connect();
    await expect(shard.send({ op: op as number, d: null }, { unchecked: true })).rejects.toMatchObject({
      code: 'INVALID_PAYLOAD',
      value: op,
    });
  })(),
);

test(
  'a presence set while running: the IDENTIFY after a lost session shows it, not the one of the options',
  scenario({ shard: { presence: { status: 'online' } } }, async ({ simulator, shard }) => {
    await shard.connect();
    await shard.updatePresence({ status: 'dnd', activities: [{ type: 4, state: 'busy' }] });
    simulator.connections.at(-1)?.closeWith(4009);
    await until(() => simulator.connections.length === 2 && shard.state === 'Connected');
    const shown = simulator.connections.map(
      ({ frames }) => frames.find(({ op }) => op === 2)?.d as { presence: { status: string } },
    );
    expect(shown.map(({ presence }) => presence.status)).toEqual(['online', 'dnd']);
  }),
);

test(
  'a presence set while running, and makePresence: IDENTIFY shows what makePresence returns',
  scenario({ shard: { makePresence: () => ({ status: 'idle' }) } }, async ({ simulator, shard }) => {
    await shard.connect();
    await shard.updatePresence({ status: 'dnd' });
    simulator.connections.at(-1)?.closeWith(4009);
    await until(() => simulator.connections.length === 2 && shard.state === 'Connected');
    const shown = simulator.connections.map(
      ({ frames }) => frames.find(({ op }) => op === 2)?.d as { presence: { status: string } },
    );
    expect(shown.map(({ presence }) => presence.status)).toEqual(['idle', 'idle']);
  }),
);
