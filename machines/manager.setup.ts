import { and, assign, emit, enqueueActions, fromCallback, setup, type EventObject } from 'xstate';
import { RESUMABLE_CLOSE } from '../src/protocol/closeCodes.js';
import type {
  FleetCommand,
  FleetReport,
  ManagerContext,
  ManagerEvent,
  ManagerInput,
  ManagerReport,
  OperationFailure,
  PreparationInput,
  PreparationReport,
  Prepared,
  ShardRef,
  ShardSet,
  ShardStart,
} from './manager.types.js';

const notProvided = (name: string) => (): never => {
  throw new Error(`The actor "${name}" does I/O: give it with managerMachine.provide({ actors: { ${name} } }).`);
};

type Way = { readonly code: number; readonly reason: string };

const isSame = (a: ShardRef, b: ShardRef) => a.set === b.set && a.id === b.id;
const has = (refs: readonly ShardRef[], ref: ShardRef) => refs.some((other) => isSame(other, ref));
const without = <Ref extends ShardRef>(refs: readonly Ref[], ref: ShardRef) =>
  refs.filter((other) => !isSame(other, ref));
const refsOf = (set: ShardSet | null): ShardRef[] => set?.ids.map((id) => ({ set: set.number, id })) ?? [];
const ofOthers = <Ref extends ShardRef>(refs: readonly Ref[], set: ShardSet | null) =>
  refs.filter((ref) => ref.set !== set?.number);

const startOf = ({ set, id }: ShardRef, resumes: boolean): ShardStart => ({ set, id, resumes });

/** Those that resume first: they hold up nobody. */
function startsOf(set: ShardSet, resumable: readonly number[]): ShardStart[] {
  const starts = refsOf(set).map((ref) => startOf(ref, resumable.includes(ref.id)));
  return [...starts.filter(({ resumes }) => resumes), ...starts.filter(({ resumes }) => !resumes)];
}

/**
 * Whose turn it is to connect: of those that will identify one at a time in each key, so that they come to the identify
 * queue in the order of their ids.
 */
function turns({ waiting, opening, maxOpening, maxConcurrency }: ManagerContext): ShardStart[] {
  const keyOf = ({ id }: ShardRef) => (maxConcurrency === null ? id : id % maxConcurrency);
  const taken = new Set(opening.filter(({ resumes }) => !resumes).map(keyOf));
  const next = waiting.filter((start) => {
    if (start.resumes) return true;
    const isFree = !taken.has(keyOf(start));
    taken.add(keyOf(start));
    return isFree;
  });
  return next.slice(0, Math.max(0, maxOpening - opening.length));
}

const nothingUnderWay = { waiting: [], opening: [], rising: [], failed: [], away: [], down: [], closing: [], due: [] };

/** How a manager's chart begins. */
export const newManager = (input: ManagerInput): ManagerContext => ({
  ...input,
  ...nothingUnderWay,
  maxConcurrency: null,
  lastSet: 0,
  service: null,
  beside: null,
  restart: null,
});

/** The parts of the manager's chart by name. Where they take effect is written in manager.ts. */
export const managerSetup = setup({
  types: {
    context: {} as ManagerContext,
    events: {} as ManagerEvent,
    input: {} as ManagerInput,
    emitted: {} as ManagerReport,
    children: {} as { fleet: 'fleet'; preparation: 'preparation' },
  },
  actors: {
    fleet: fromCallback<FleetCommand, undefined, FleetReport & EventObject>(notProvided('fleet')),
    preparation: fromCallback<EventObject, PreparationInput, PreparationReport & EventObject>(
      notProvided('preparation'),
    ),
  },
  guards: {
    /** In service, coming or going: what is gone has nothing to tell any more. */
    isOurs: ({ context: { service, beside, closing } }, ref: ShardRef) =>
      [refsOf(service), refsOf(beside), closing].some((refs) => has(refs, ref)),
    canOpen: ({ context }) => turns(context).length > 0,
    hasFailed: ({ context }) => context.failed.length > 0,
    isRaised: ({ context }) => context.waiting.length + context.opening.length + context.rising.length === 0,
    isGone: ({ context }) => context.closing.length === 0,
    isGoneBadly: and(['isGone', 'hasFailed']),
    isSettled: and(['isRaised', 'isGone']),
    isSettledBadly: and(['isSettled', 'hasFailed']),
    isRestarted: ({ context }) => context.due.length + context.rising.length === 0,
    canRestart: ({ context }) => context.due.length > 0 && (!context.restart?.rolling || context.rising.length === 0),
    isNobodyAway: ({ context }) => context.away.length === 0,
    /** New sessions for all that run: those they have are given up for them. */
    canRenew: (
      { context: { service, down } },
      { newSessions, identifiesLeft }: { newSessions: boolean; identifiesLeft: number | null },
    ) =>
      !newSessions ||
      identifiesLeft === null ||
      identifiesLeft >= refsOf(service).filter((ref) => !has(down, ref)).length,
    hasIdentifies: (_, { prepared: { ids, resumable, identifiesLeft } }: { prepared: Prepared }) =>
      identifiesLeft === null || identifiesLeft >= ids.filter((id) => !resumable.includes(id)).length,
  },
  actions: {
    beginOperation: assign({ failed: [] }),
    /** The first set, from what is known now. */
    plan: enqueueActions(({ context, enqueue }, { prepared }: { prepared: Prepared }) => {
      const { total, ids, resumable, maxConcurrency } = prepared;
      const set = { number: context.lastSet + 1, total, ids };
      enqueue.sendTo('fleet', { type: 'set.create', set } satisfies FleetCommand);
      enqueue.assign({ lastSet: set.number, service: set, waiting: startsOf(set, resumable), maxConcurrency });
    }),
    /** Another set, to take the place of the one in service. */
    planBeside: enqueueActions(({ context, enqueue }, { prepared }: { prepared: Prepared }) => {
      const { total, ids, resumable, maxConcurrency } = prepared;
      const set = { number: context.lastSet + 1, total, ids };
      enqueue.sendTo('fleet', { type: 'set.create', set } satisfies FleetCommand);
      enqueue.assign({ lastSet: set.number, beside: set, waiting: startsOf(set, resumable), maxConcurrency });
    }),
    planScale: enqueueActions(({ context, enqueue }, { ids, code, reason }: { ids: readonly number[] } & Way) => {
      const { service } = context;
      if (service === null) return;
      const { number: set } = service;
      const added = ids.filter((id) => !service.ids.includes(id)).map((id) => ({ set, id }));
      const removed = refsOf(service).filter(({ id }) => !ids.includes(id));
      for (const ref of removed) {
        enqueue.sendTo('fleet', { type: 'shard.close', ref, code, reason } satisfies FleetCommand);
      }
      enqueue.assign({
        service: { ...service, ids },
        waiting: added.map((ref) => startOf(ref, false)),
        closing: removed,
        away: context.away.filter((ref) => !has(removed, ref)),
        down: context.down.filter((ref) => !has(removed, ref)),
      });
    }),
    planRestart: assign(({ context }, restart: { rolling: boolean; newSessions: boolean }) => ({
      restart: { rolling: restart.rolling, newSessions: restart.newSessions },
      due: refsOf(context.service).filter((ref) => !has(context.down, ref)),
    })),
    retryDown: assign(({ context: { service, down } }) => ({
      waiting: refsOf(service)
        .filter((ref) => has(down, ref))
        .map((ref) => startOf(ref, false)),
      down: [],
    })),

    open: enqueueActions(({ context, enqueue }) => {
      const next = turns(context);
      for (const { set, id } of next) {
        enqueue.sendTo('fleet', { type: 'shard.connect', ref: { set, id } } satisfies FleetCommand);
      }
      enqueue.assign({
        waiting: context.waiting.filter((start) => !next.includes(start)),
        opening: [...context.opening, ...next],
      });
    }),
    restartNext: enqueueActions(({ context: { due, rising, away, restart }, enqueue }) => {
      const next = restart?.rolling === true ? due.slice(0, 1) : due;
      const newSession = restart?.newSessions === true;
      for (const ref of next) {
        enqueue.sendTo('fleet', { type: 'shard.restart', ref, newSession } satisfies FleetCommand);
      }
      enqueue.assign({
        due: due.slice(next.length),
        rising: [...rising, ...next],
        away: away.filter((ref) => !has(next, ref)),
      });
    }),
    /** What an operation has begun and will not wait for comes up by itself. */
    letGo: assign(({ context: { rising, away } }) => ({ rising: [], due: [], away: [...away, ...rising] })),
    serveBeside: enqueueActions(({ context: { service, beside }, enqueue }) => {
      if (beside === null) return;
      enqueue.sendTo('fleet', { type: 'set.serve', set: beside.number } satisfies FleetCommand);
      enqueue.assign({ service: beside, beside: service });
    }),
    closeBeside: enqueueActions(({ context, enqueue }, way: Way) => {
      const { beside } = context;
      for (const ref of refsOf(beside)) {
        enqueue.sendTo('fleet', { type: 'shard.close', ref, ...way } satisfies FleetCommand);
      }
      enqueue.assign({
        beside: null,
        waiting: [],
        opening: [],
        rising: [],
        away: ofOthers(context.away, beside),
        down: ofOthers(context.down, beside),
        closing: refsOf(beside),
      });
    }),
    closeAll: enqueueActions(({ context, enqueue }, { code, reason, isAbort }: Way & { readonly isAbort: boolean }) => {
      const { service, beside, closing } = context;
      const others = [...refsOf(service), ...refsOf(beside)].filter((ref) => !has(closing, ref));
      const type = isAbort ? 'shard.abort' : 'shard.close';
      for (const ref of others) enqueue.sendTo('fleet', { type, ref, code, reason } satisfies FleetCommand);
      enqueue.assign({ ...nothingUnderWay, beside: null, failed: context.failed, closing: [...closing, ...others] });
    }),
    /** Those that are going already. */
    hurry: enqueueActions(({ context, enqueue }, { code, reason }: Way) => {
      for (const ref of context.closing) {
        enqueue.sendTo('fleet', { type: 'shard.abort', ref, code, reason } satisfies FleetCommand);
      }
    }),
    abortClosing: enqueueActions(({ context, enqueue }) => {
      const way = { code: RESUMABLE_CLOSE, reason: 'took too long to go down' };
      for (const ref of context.closing) {
        enqueue.sendTo('fleet', { type: 'shard.abort', ref, ...way } satisfies FleetCommand);
      }
      enqueue.assign({ closing: [] });
    }),
    forgetSets: assign({ ...nothingUnderWay, service: null, beside: null }),

    noteOpened: assign(({ context: { opening, rising } }, { set, id }: ShardRef) => ({
      opening: without(opening, { set, id }),
      rising: has(opening, { set, id }) ? [...rising, { set, id }] : rising,
    })),
    noteUp: assign(({ context: { waiting, opening, rising, away, down } }, ref: ShardRef) => ({
      waiting: without(waiting, ref),
      opening: without(opening, ref),
      rising: without(rising, ref),
      away: without(away, ref),
      down: without(down, ref),
    })),
    noteLeft: assign(({ context }, { set, id }: ShardRef) => {
      const ref = { set, id };
      const { waiting, opening, rising, away, down, closing } = context;
      const wasUp = ![waiting, opening, rising, away, down, closing].some((refs) => has(refs, ref));
      return { away: wasUp ? [...away, ref] : away };
    }),
    noteDown: assign(({ context }, { set, id }: ShardRef) => {
      const ref = { set, id };
      const { waiting, opening, rising, away, down, failed, closing, due, beside, lastSet } = context;
      if (has(waiting, ref) || has(closing, ref)) return {};
      // All of a set that is coming is: it takes over as a whole.
      const isNeeded =
        [opening, rising, due].some((refs) => has(refs, ref)) || (set === beside?.number && set === lastSet);
      return {
        opening: without(opening, ref),
        rising: without(rising, ref),
        due: without(due, ref),
        away: without(away, ref),
        down: [...without(down, ref), ref],
        failed: isNeeded ? [...without(failed, ref), ref] : failed,
      };
    }),
    noteGone: assign(({ context: { closing } }, ref: ShardRef) => ({ closing: without(closing, ref) })),

    tellDone: emit({ type: 'operation.done' } satisfies ManagerReport),
    tellFailed: emit(({ context: { failed } }, { why }: { why: OperationFailure }): ManagerReport => ({
      type: 'operation.failed',
      why,
      shards: failed,
    })),
    tellOffline: emit({ type: 'manager.offline' } satisfies ManagerReport),
  },
  delays: {
    handOver: ({ context }) => context.timeouts.handOverMs,
    drain: ({ context }) => context.timeouts.drainMs,
    close: ({ context }) => context.timeouts.closeMs,
  },
});
