import type { ShardContext, ShardEvent } from '../../../machines/index.js';
import type { Facts, Law, Outcome } from './lawbook.js';
import type { Why } from './outcomes.js';

export type Named<Type extends string> = Extract<ShardEvent, { type: Type }>;
export type Told<Type extends string> = Facts<
  ShardContext,
  [Named<Type>] extends [never] ? { type: Type } : Named<Type>
>;

/** A law with its event typed. */
export function law<Type extends string>(
  says: string,
  where: {
    readonly in: string | readonly string[];
    readonly on: Type;
    readonly if?: (facts: Told<Type>) => boolean;
    readonly owes: (facts: Told<Type>) => Outcome<ShardContext>;
    readonly restarts?: string;
    readonly timer?: Law<ShardContext>['timer'];
  },
): Law<ShardContext> {
  return { ...where, says, in: [where.in].flat() } as Law<ShardContext>;
}

/** The same law for several commands. */
export const each = <Type extends string>(types: readonly Type[], make: (type: Type) => Law<ShardContext>) =>
  types.map(make);

/** A timer, and the state that starts it. */
export const timer = (of: string, ms: (context: ShardContext) => number) => ({ of, ms });

/** A drop that keeps the session. */
export const dropped = (reason: string): Why => ({ action: 'resume', code: 4900, reason });

export const NEW_SESSION: Why = { action: 'identify', code: 4900, reason: 'new session requested', persists: true };
export const CONNECT: Why = { action: 'resume', code: null, reason: 'connect requested', persists: true };
export const RECONNECT: Why = { ...dropped('reconnect requested'), persists: true };

/** A session is never given up on the way up, so a connection with one is there to resume it. */
export const isToResume = ({ context }: Told<string>) => context.session !== null;
