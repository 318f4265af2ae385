import { createActor, fromCallback, type EventObject } from 'xstate';
import { describe, expectTypeOf, test } from 'vitest';
import {
  lifecycleOf,
  shardMachine,
  type Lifecycle,
  type ShardCommand,
  type ShardContext,
  type ShardInput,
  type SlotInput,
  type SlotReport,
  type SocketCommand,
  type SocketInput,
  type SocketReport,
} from '../../machines/index.js';

declare const input: ShardInput;

describe('the charts without the face', () => {
  test('a chart started with numbers and a session has a typed snapshot', () => {
    const actor = createActor(shardMachine, { input });
    expectTypeOf(lifecycleOf(actor.getSnapshot())).toEqualTypeOf<Lifecycle>();
    expectTypeOf(actor.getSnapshot().context).toEqualTypeOf<ShardContext>();
    expectTypeOf<ShardCommand>().toExtend<Parameters<typeof actor.send>[0]>();
  });

  test('a chart without its whole input is an error', () => {
    // @ts-expect-error no input
    createActor(shardMachine);
    // @ts-expect-error a number is missing
    createActor(shardMachine, { input: { shardId: 0 } });
  });

  test('an unknown event, or a close without a code, is an error', () => {
    const actor = createActor(shardMachine, { input });
    // @ts-expect-error unknown
    actor.send({ type: 'gateway.unknown' });
    // @ts-expect-error a close says with which code
    actor.send({ type: 'close' });
  });

  test('provide() takes actors of the right kind, and no unknown one', () => {
    shardMachine.provide({
      actors: {
        socket: fromCallback<SocketCommand, SocketInput, SocketReport & EventObject>(({ input: { resumeUrl } }) => {
          expectTypeOf(resumeUrl).toEqualTypeOf<string | null>();
        }),
        slot: fromCallback<EventObject, SlotInput, SlotReport & EventObject>(() => {}),
      },
    });
    // @ts-expect-error there is no such actor
    shardMachine.provide({ actors: { telephone: fromCallback(() => {}) } });
  });

  test('the input and the context of a chart have no token', () => {
    expectTypeOf<Extract<keyof ShardInput, 'token'>>().toEqualTypeOf<never>();
    expectTypeOf<Extract<keyof ShardContext, 'token'>>().toEqualTypeOf<never>();
  });
});
