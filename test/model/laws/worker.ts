import type { WorkerContext, WorkerEvent } from '../../../machines/index.js';
import { isWithin, regionsOf, type Begins, type Facts, type Law, type Outcome } from './lawbook.js';

type Context = WorkerContext;
type Named<Type extends string> = Extract<WorkerEvent, { type: Type }>;
type Told<Type extends string> = Facts<Context, [Named<Type>] extends [never] ? { type: Type } : Named<Type>>;

const IDLE = 'Offline.idle';
const FAILED = 'Offline.failed';
const STOPPED = 'Offline.stopped';
const STARTING = 'Online.duty.starting';
const SERVING = 'Online.duty.serving';
const STANDING_BY = 'Online.duty.standingBy';
const DRAINING = 'Online.duty.draining';
const DRAINED = 'Online.duty.drained';
const LEAVING = 'Online.duty.leaving';
const FAILING = 'Online.duty.failing';
const RENEWED = 'Online.lease.renewed';
const ASKING = 'Online.lease.asking';
const CUT_OFF = 'Online.lease.cutOff';

/** States in which the worker does its duty, or may do it again. */
const STAYING = [STARTING, SERVING, STANDING_BY, DRAINING, DRAINED];

/** A second account of a worker: laws enter each change here. */
class Sheet {
  readonly frames: string[] = [];
  duty: string;
  lease: string;
  held: readonly string[];
  rising: readonly string[];

  constructor(path: string, { held, rising }: Context) {
    [this.duty = '', this.lease = ''] = regionsOf(path);
    this.held = held;
    this.rising = rising;
  }

  say(...frames: string[]): this {
    this.frames.push(...frames);
    return this;
  }

  /** Gives all shards away: other workers resume them. */
  give(): this {
    return this.say('lease.drain', 'shards.give');
  }

  forget(): this {
    this.held = [];
    this.rising = [];
    return this;
  }

  /** Nothing more is to be done for the fleet. */
  end(path: string, ...reports: string[]): Outcome<Context> {
    return this.say(...reports)
      .forget()
      .#at(path);
  }

  in(duty: string, lease = this.lease): Outcome<Context> {
    this.duty = duty;
    this.lease = lease;
    return this.#goOn();
  }

  /** What follows at once from what is held, and from the lease. */
  #goOn(): Outcome<Context> {
    const isNone = this.held.length === 0;
    switch (this.duty) {
      case STARTING:
        return this.lease === RENEWED && this.rising.length === 0 ? this.say('worker.up').in(SERVING) : this.#online();
      case SERVING:
        return isNone ? this.in(STANDING_BY) : this.#online();
      case STANDING_BY:
        return isNone ? this.#online() : this.in(SERVING);
      case DRAINING:
        return isNone ? this.say('worker.drained').in(DRAINED) : this.#online();
      case DRAINED:
        return isNone ? this.#online() : this.give().in(DRAINING);
      case `${LEAVING}.giving`:
        return isNone ? this.say('sign off').in(`${LEAVING}.signingOff`) : this.#online();
      case `${FAILING}.giving`:
        return isNone ? this.say('sign off').in(`${FAILING}.signingOff`) : this.#online();
      case 'Fenced':
        return isNone ? this.end(FAILED, 'worker.failed taken') : this.#at('Fenced');
      default:
        return isWithin(this.duty, 'Online') ? this.#online() : this.#at(this.duty);
    }
  }

  #online(): Outcome<Context> {
    return this.#at(`${this.duty} & ${this.lease}`);
  }

  #at(to: string): Outcome<Context> {
    const { frames, held, rising } = this;
    return { to, frames, context: { held, rising } };
  }
}

/** A law with its event typed. */
function law<Type extends string>(
  says: string,
  where: {
    readonly in: string | readonly string[];
    readonly on: Type;
    readonly if?: (facts: Told<Type>) => boolean;
    readonly owes: (facts: Told<Type> & { readonly sheet: Sheet }) => Outcome<Context>;
    readonly timer?: Law<Context>['timer'];
  },
): Law<Context> {
  const owes = (facts: Told<Type>) => where.owes({ ...facts, sheet: new Sheet(facts.path, facts.context) });
  return { ...where, says, in: [where.in].flat(), owes } as Law<Context>;
}

const limit = (of: string): Law<Context>['timer'] => ({ of, ms: ({ leaveMs }) => leaveMs });

const start: readonly Law<Context>[] = [
  law('connect asks for a place in the fleet', {
    in: [IDLE, FAILED],
    on: 'connect',
    owes: ({ sheet }) => sheet.say('join').in('Joining'),
  }),
  law('a worker with a place asks for its share of the shards', {
    in: 'Joining',
    on: 'worker.joined',
    owes: ({ sheet }) => sheet.say('lease.begin').in(STARTING, ASKING),
  }),
  ...(['worker.refused', 'xstate.error.actor.joining'] as const).map((type) =>
    law(`a worker without a place has failed (${type})`, {
      in: 'Joining',
      on: type,
      owes: ({ sheet }) => sheet.say('worker.failed unjoined').in(FAILED),
    }),
  ),
  law('connect asks for a share again', {
    in: [SERVING, STANDING_BY, DRAINING, DRAINED],
    on: 'connect',
    // Without the lease no answer may be waited for in any other way.
    owes: ({ sheet }) => sheet.say('lease.serve').in(STARTING, sheet.lease === RENEWED ? ASKING : sheet.lease),
  }),
  law('connect in starting waits for the next answer', {
    in: STARTING,
    on: 'connect',
    if: ({ path }) => isWithin(path, RENEWED),
    owes: ({ sheet }) => sheet.in(STARTING, ASKING),
  }),
];

const isEarly = ({ path, event: { owned, mayClaim } }: Told<'lease.answered'>) =>
  isWithin(path, ASKING) && owned.length === 0 && !mayClaim;

const lease: readonly Law<Context>[] = [
  law('an answer without shards, while Redis waits for who may hold them, does not tell the share', {
    in: ASKING,
    on: 'lease.answered',
    if: isEarly,
    owes: ({ sheet, event }) => answers(sheet, event).in(sheet.duty, ASKING),
  }),
  law('an answer says which shards are the worker’s, and the lease runs', {
    in: STAYING.filter((state) => state !== DRAINING),
    on: 'lease.answered',
    if: (facts) => !isEarly(facts),
    owes: ({ sheet, event }) => answers(sheet, event).in(sheet.duty, RENEWED),
  }),
  law('shards that an answer brings while all are given away go too', {
    in: [DRAINING, LEAVING, FAILING],
    on: 'lease.answered',
    if: (facts) => !isEarly(facts),
    owes: ({ sheet, event }) => answers(sheet, event).say('shards.give').in(sheet.duty, RENEWED),
  }),
  law('a worker that may have lost its shards holds them', {
    in: [RENEWED, ASKING],
    on: 'lease.cut',
    owes: ({ sheet }) => sheet.say('shards.hold').in(sheet.duty, CUT_OFF),
  }),
  ...(['lease.taken', 'xstate.error.actor.lease'] as const).flatMap((type) => [
    law(`a worker whose lease is gone drops its shards (${type})`, {
      in: [...STAYING, FAILING],
      on: type,
      owes: ({ sheet }) => sheet.say('shards.drop').in('Fenced'),
    }),
    law(`a shutdown stays one when the lease is gone (${type})`, {
      in: LEAVING,
      on: type,
      owes: ({ sheet }) => sheet.say('shards.drop').end(STOPPED, 'worker.offline'),
    }),
  ]),
  law('a fenced worker waits for its shards for leaveMs at most', {
    in: 'Fenced',
    on: 'xstate.after.leave',
    timer: limit('Fenced'),
    owes: ({ sheet }) => sheet.end(FAILED, 'worker.failed taken'),
  }),
];

/** The shards of the answer, in its order, behind those that are here. */
function answers(sheet: Sheet, { owned, give }: Named<'lease.answered'>): Sheet {
  const added: string[] = [];
  for (const { key } of owned) if (!give.includes(key) && !sheet.held.includes(key)) added.push(key);
  sheet.held = [...sheet.held, ...added];
  sheet.rising = [...sheet.rising, ...added];
  const given = give.length === 0 ? '' : ` give ${give.join(' ')}`;
  return sheet.say(['shards.own', ...owned.map(({ key, epoch }) => `${key}@${epoch}`)].join(' ') + given);
}

const without = (keys: readonly string[], key: string) => keys.filter((other) => other !== key);

const shards: readonly Law<Context>[] = [
  law('a shard that is Connected is not awaited any more', {
    in: '',
    on: 'shard.up',
    owes: ({ sheet, event: { key } }) => {
      sheet.rising = without(sheet.rising, key);
      return sheet.in(sheet.duty);
    },
  }),
  law('a shard that is gone is not held any more', {
    in: '',
    on: 'shard.gone',
    owes: ({ sheet, event: { key } }) => {
      sheet.held = without(sheet.held, key);
      sheet.rising = without(sheet.rising, key);
      return sheet.in(sheet.duty);
    },
  }),
  law('a shard that the gateway refuses fails the worker: the others have the same token', {
    in: STAYING,
    on: 'shard.refused',
    owes: ({ sheet, event: { key } }) => sheet.say(`worker.failed shardRefused ${key}`).give().in(`${FAILING}.giving`),
  }),
];

const signsOff = (of: string, to: string): readonly Law<Context>[] => [
  law(`shards that take too long to go are dropped in ${of}`, {
    in: `${of}.giving`,
    on: 'xstate.after.leave',
    timer: limit(`${of}.giving`),
    owes: ({ sheet }) => sheet.say('shards.drop', 'sign off').in(`${of}.signingOff`),
  }),
  ...(['worker.left', 'xstate.error.actor.signingOff'] as const).map((type) =>
    law(`a worker that has signed off is Offline (${of}, ${type})`, {
      in: `${of}.signingOff`,
      on: type,
      owes: ({ sheet }) => sheet.end(to, 'worker.offline'),
    }),
  ),
  law(`signing off has a limit in ${of}: the lease ends by itself`, {
    in: `${of}.signingOff`,
    on: 'xstate.after.leave',
    timer: limit(`${of}.signingOff`),
    owes: ({ sheet }) => sheet.end(to, 'worker.offline'),
  }),
];

const end: readonly Law<Context>[] = [
  law('shutdown of a worker that is Offline is for good', {
    in: [IDLE, FAILED],
    on: 'shutdown',
    owes: ({ sheet }) => sheet.in(STOPPED),
  }),
  law('shutdown in Joining is for good', {
    in: 'Joining',
    on: 'shutdown',
    owes: ({ sheet }) => sheet.say('worker.offline').in(STOPPED),
  }),
  law('shutdown of a fenced worker waits for nothing', {
    in: 'Fenced',
    on: 'shutdown',
    owes: ({ sheet }) => sheet.end(STOPPED, 'worker.offline'),
  }),
  law('shutdown gives the shards away first', {
    in: [...STAYING, FAILING],
    on: 'shutdown',
    owes: ({ sheet }) => sheet.give().in(`${LEAVING}.giving`),
  }),
  law('drain gives the shards away', {
    in: [STARTING, SERVING, STANDING_BY],
    on: 'drain',
    owes: ({ sheet }) => sheet.give().in(DRAINING),
  }),
  ...signsOff(LEAVING, STOPPED),
  ...signsOff(FAILING, FAILED),
  law('a worker whose shards fail as a whole is stopped', {
    in: '',
    on: 'xstate.error.actor.shards',
    owes: ({ sheet }) => sheet.end(STOPPED, 'worker.offline'),
  }),
];

export const workerBegins: Begins<Context> = { in: IDLE, context: { held: [], rising: [] } };

/** What a worker of the fleet owes. */
export const workerLaws: readonly Law<Context>[] = [...start, ...lease, ...shards, ...end];
