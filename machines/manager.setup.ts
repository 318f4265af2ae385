import { and, assign, emit, enqueueActions, fromCallback, setup, type EventObject } from 'xstate';
import { RESUMABLE_CLOSE } from '../src/protocol/closeCodes.js';
import { carried } from './carried.js';
import type {
  FleetCommand,
  FleetReport,
  ManagerCommand,
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

/** How a connection is closed. */
type CloseWith = { readonly code: number; readonly reason: string };

type Budget = { readonly identifiesLeft: number | null };

const isSame = (a: ShardRef, b: ShardRef) => a.set === b.set && a.id === b.id;
const has = (refs: readonly ShardRef[], ref: ShardRef) => refs.some((other) => isSame(other, ref));
const without = <Ref extends ShardRef>(refs: readonly Ref[], ...removed: readonly ShardRef[]) =>
  refs.filter((ref) => !has(removed, ref));
const refsOf = (set: ShardSet | null): ShardRef[] => set?.ids.map((id) => ({ set: set.number, id })) ?? [];

const isDown = ({ lost }: ManagerContext, ref: ShardRef) => lost.some((shard) => isSame(shard, ref) && !shard.returns);

const waiting = ({ set, id }: ShardRef, resumes: boolean): ShardStart => ({ set, id, resumes, phase: 'waiting' });

/** The next set of a manager. Shards that resume go first: they hold up no other. */
function createSet({ lastSet }: ManagerContext, { total, ids, resumable, maxConcurrency }: Prepared) {
  const set: ShardSet = { number: lastSet + 1, total, ids };
  const starts = refsOf(set).map((ref) => waiting(ref, resumable.includes(ref.id)));
  const starting = [...starts.filter(({ resumes }) => resumes), ...starts.filter(({ resumes }) => !resumes)];
  return { set, facts: { lastSet: set.number, starting, maxConcurrency } };
}

/**
 * The shards that connect now. Shards that will identify go one at a time in each key, so that they join the identify queue
 * in the order of their ids.
 */
function turns({ starting, maxOpening, maxConcurrency }: ManagerContext): ShardStart[] {
  const opening = starting.filter(({ phase }) => phase === 'opening');
  const keyOf = ({ id }: ShardRef) => (maxConcurrency === null ? id : id % maxConcurrency);
  const taken = new Set(opening.filter(({ resumes }) => !resumes).map(keyOf));
  const inTurn = starting.filter((start) => {
    if (start.phase !== 'waiting') return false;
    if (start.resumes) return true;
    const isFree = !taken.has(keyOf(start));
    taken.add(keyOf(start));
    return isFree;
  });
  return inTurn.slice(0, Math.max(0, maxOpening - opening.length));
}

const close = (refs: readonly ShardRef[], { code, reason }: CloseWith): FleetCommand[] =>
  refs.map((ref) => ({ type: 'shard.close', ref, code, reason }));
const abort = (refs: readonly ShardRef[], { code, reason }: CloseWith): FleetCommand[] =>
  refs.map((ref) => ({ type: 'shard.abort', ref, code, reason }));

const nothingUnderWay = { starting: [], lost: [], leaving: [], failed: [], restart: null };

/** The facts a manager's chart starts with. */
export const newManager = (input: ManagerInput): ManagerContext => ({
  ...input,
  ...nothingUnderWay,
  maxConcurrency: null,
  lastSet: 0,
  current: null,
  next: null,
  previous: null,
});

/** Guards, actions, actors and delays of the manager's chart by name; manager.ts says when each applies. */
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
    /** A shard that is gone may still report; its reports change nothing. */
    isKnown: ({ context: { current, next, previous, leaving } }, ref: ShardRef) =>
      [refsOf(current), refsOf(next), refsOf(previous), leaving].some((refs) => has(refs, ref)),
    canOpen: ({ context }) => turns(context).length > 0,
    hasFailed: ({ context }) => context.failed.length > 0,
    isStarted: ({ context }) => context.starting.length === 0,
    isClosed: ({ context }) => context.leaving.length === 0,
    isClosedAndFailed: and(['isClosed', 'hasFailed']),
    isScaled: and(['isStarted', 'isClosed']),
    isScaledAndFailed: and(['isScaled', 'hasFailed']),
    canRestart: ({ context: { restart, starting } }) =>
      restart !== null && restart.due.length > 0 && (!restart.rolling || starting.length === 0),
    isRestarted: ({ context: { restart, starting } }) => (restart?.due.length ?? 0) + starting.length === 0,
    isNoneAway: ({ context }) => context.lost.every(({ returns }) => !returns),
    /** New sessions cost an identify for each shard that runs. */
    canAffordRestart: ({ context }, { newSessions, identifiesLeft }: Budget & { readonly newSessions: boolean }) =>
      !newSessions ||
      identifiesLeft === null ||
      identifiesLeft >= refsOf(context.current).filter((ref) => !isDown(context, ref)).length,
    /** A new set costs an identify for each shard without a session. */
    canAffordSet: (_, { prepared: { ids, resumable, identifiesLeft } }: { readonly prepared: Prepared }) =>
      identifiesLeft === null || identifiesLeft >= ids.filter((id) => !resumable.includes(id)).length,
  },
  actions: {
    beginOperation: assign({ failed: [] }),

    createCurrent: enqueueActions(({ context, enqueue }, { prepared }: { readonly prepared: Prepared }) => {
      const { set, facts } = createSet(context, prepared);
      enqueue.sendTo('fleet', { type: 'set.create', set } satisfies FleetCommand);
      enqueue.assign({ ...facts, current: set });
    }),
    createNext: enqueueActions(({ context, enqueue }, { prepared }: { readonly prepared: Prepared }) => {
      const { set, facts } = createSet(context, prepared);
      enqueue.sendTo('fleet', { type: 'set.create', set } satisfies FleetCommand);
      enqueue.assign({ ...facts, next: set });
    }),
    serveNext: enqueueActions(({ context: { current, next }, enqueue }) => {
      if (next === null) return;
      enqueue.sendTo('fleet', { type: 'set.serve', set: next.number } satisfies FleetCommand);
      enqueue.assign({ current: next, next: null, previous: current });
    }),

    openShards: enqueueActions(({ context, enqueue }) => {
      const inTurn = turns(context);
      for (const { set, id } of inTurn) {
        enqueue.sendTo('fleet', { type: 'shard.connect', ref: { set, id } } satisfies FleetCommand);
      }
      enqueue.assign({
        starting: context.starting.map((start) => (inTurn.includes(start) ? { ...start, phase: 'opening' } : start)),
      });
    }),
    startDown: assign(({ context }) => ({
      starting: refsOf(context.current)
        .filter((ref) => isDown(context, ref))
        .map((ref) => waiting(ref, false)),
      lost: context.lost.filter(({ returns }) => returns),
    })),
    scale: enqueueActions(({ context, enqueue }, { ids, ...way }: { readonly ids: readonly number[] } & CloseWith) => {
      const { current, lost } = context;
      if (current === null) return;
      const { number: set } = current;
      const added = ids.filter((id) => !current.ids.includes(id)).map((id) => ({ set, id }));
      const removed = refsOf(current).filter(({ id }) => !ids.includes(id));
      for (const command of close(removed, way)) enqueue.sendTo('fleet', command);
      enqueue.assign({
        current: { ...current, ids },
        starting: added.map((ref) => waiting(ref, false)),
        leaving: removed,
        lost: without(lost, ...removed),
      });
    }),

    planRestart: assign(
      ({ context }, { rolling, newSessions }: { readonly rolling: boolean; readonly newSessions: boolean }) => ({
        restart: { rolling, newSessions, due: refsOf(context.current).filter((ref) => !isDown(context, ref)) },
      }),
    ),
    restartShards: enqueueActions(({ context: { restart, starting, lost }, enqueue }) => {
      if (restart === null) return;
      const { rolling, newSessions, due } = restart;
      const inTurn = rolling ? due.slice(0, 1) : due;
      for (const ref of inTurn) {
        enqueue.sendTo('fleet', { type: 'shard.restart', ref, newSession: newSessions } satisfies FleetCommand);
      }
      enqueue.assign({
        restart: { ...restart, due: due.slice(inTurn.length) },
        starting: [...starting, ...inTurn.map((ref) => ({ ...ref, resumes: !newSessions, phase: 'rising' as const }))],
        lost: without(lost, ...inTurn),
      });
    }),
    /** Shards that were restarted come up by themselves, but the operation no longer waits for them. */
    stopWaiting: assign(({ context: { starting, lost } }) => ({
      starting: [],
      lost: [...lost, ...starting.map(({ set, id }) => ({ set, id, returns: true }))],
    })),
    endRestart: assign({ restart: null }),

    closeNext: enqueueActions(({ context: { next, lost }, enqueue }, way: CloseWith) => {
      const refs = refsOf(next);
      for (const command of close(refs, way)) enqueue.sendTo('fleet', command);
      enqueue.assign({ next: null, starting: [], lost: without(lost, ...refs), leaving: refs });
    }),
    closePrevious: enqueueActions(({ context: { previous, lost }, enqueue }, way: CloseWith) => {
      const refs = refsOf(previous);
      for (const command of close(refs, way)) enqueue.sendTo('fleet', command);
      enqueue.assign({ previous: null, lost: without(lost, ...refs), leaving: refs });
    }),
    closeAll: enqueueActions(({ context, enqueue }, way: CloseWith & { readonly isAbort: boolean }) => {
      const { current, next, previous, leaving, failed } = context;
      const refs = without([...refsOf(current), ...refsOf(next), ...refsOf(previous)], ...leaving);
      for (const command of way.isAbort ? abort(refs, way) : close(refs, way)) enqueue.sendTo('fleet', command);
      enqueue.assign({ ...nothingUnderWay, next: null, previous: null, failed, leaving: [...leaving, ...refs] });
    }),
    abortLeaving: enqueueActions(({ context, enqueue }, way: CloseWith) => {
      for (const command of abort(context.leaving, way)) enqueue.sendTo('fleet', command);
    }),
    abortLate: enqueueActions(({ context, enqueue }) => {
      const way = { code: RESUMABLE_CLOSE, reason: 'took too long to go down' };
      for (const command of abort(context.leaving, way)) enqueue.sendTo('fleet', command);
      enqueue.assign({ leaving: [] });
    }),
    forgetSets: assign({ ...nothingUnderWay, current: null, next: null, previous: null }),

    onShardOpened: assign(({ context: { starting } }, ref: ShardRef) => ({
      starting: starting.map((start) =>
        isSame(start, ref) && start.phase === 'opening' ? { ...start, phase: 'rising' as const } : start,
      ),
    })),
    onShardUp: assign(({ context: { starting, lost } }, ref: ShardRef) => ({
      starting: without(starting, ref),
      lost: without(lost, ref),
    })),
    onShardLeft: assign(({ context: { starting, lost, leaving } }, { set, id }: ShardRef) => {
      const wasUp = ![starting, lost, leaving].some((refs) => has(refs, { set, id }));
      return wasUp ? { lost: [...lost, { set, id, returns: true }] } : {};
    }),
    onShardDown: assign(({ context }, { set, id }: ShardRef) => {
      const ref = { set, id };
      const { next, starting, lost, leaving, failed, restart } = context;
      const start = starting.find((other) => isSame(other, ref));
      if (start?.phase === 'waiting' || has(leaving, ref)) return {};
      // The next set takes over as a whole: it needs each of its shards.
      const isNeeded = start !== undefined || has(restart?.due ?? [], ref) || has(refsOf(next), ref);
      return {
        starting: without(starting, ref),
        restart: restart && { ...restart, due: without(restart.due, ref) },
        lost: [...without(lost, ref), { ...ref, returns: false }],
        failed: isNeeded ? [...without(failed, ref), ref] : failed,
      };
    }),
    onShardGone: assign(({ context: { leaving } }, ref: ShardRef) => ({ leaving: without(leaving, ref) })),

    reportDone: emit({ type: 'operation.done' } satisfies ManagerReport),
    reportFailed: emit(({ context: { failed } }, { why }: { readonly why: OperationFailure }): ManagerReport => ({
      type: 'operation.failed',
      why,
      shards: failed,
    })),
    reportOffline: emit({ type: 'manager.offline' } satisfies ManagerReport),
  },
  delays: {
    handOver: ({ context }) => context.timeouts.handOverMs,
    drain: ({ context }) => context.timeouts.drainMs,
    close: ({ context }) => context.timeouts.closeMs,
  },
});

type GoDown = Extract<ManagerCommand, { type: 'close' | 'shutdown' | 'abort' }>;

/** Guards bound to the facts that their event carries. */
export const guards = {
  isKnown: { type: 'isKnown', params: carried },
  canAffordRestart: { type: 'canAffordRestart', params: carried },
  canAffordSet: { type: 'canAffordSet', params: carried },
} as const;

/** Actions bound to the facts that their event carries. */
export const actions = {
  createCurrent: { type: 'createCurrent', params: carried },
  createNext: { type: 'createNext', params: carried },
  scale: { type: 'scale', params: carried },
  planRestart: { type: 'planRestart', params: carried },
  closeAll: {
    type: 'closeAll',
    params: ({ event }: { readonly event: GoDown }) => ({ ...event, isAbort: event.type === 'abort' }),
  },
  abortLeaving: { type: 'abortLeaving', params: carried },
  onShardOpened: { type: 'onShardOpened', params: carried },
  onShardUp: { type: 'onShardUp', params: carried },
  onShardLeft: { type: 'onShardLeft', params: carried },
  onShardDown: { type: 'onShardDown', params: carried },
  onShardGone: { type: 'onShardGone', params: carried },
} as const;

/** The operation ends without its result. */
export const reportFailed = (why: OperationFailure) => ({ type: 'reportFailed', params: { why } }) as const;
