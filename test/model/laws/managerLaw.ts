import type { ManagerContext, ManagerEvent, ManagerTimeouts } from '../../../machines/index.js';
import type { Facts, Law, Outcome } from './lawbook.js';
import { Sheet } from './managerSheet.js';

type Named<Type extends string> = Extract<ManagerEvent, { type: Type }>;
export type Told<Type extends string> = Facts<
  ManagerContext,
  [Named<Type>] extends [never] ? { type: Type } : Named<Type>
>;

/** A law with its event typed. */
export function law<Type extends string>(
  says: string,
  where: {
    readonly in: string | readonly string[];
    readonly on: Type;
    readonly if?: (facts: Told<Type>) => boolean;
    readonly owes: (facts: Told<Type> & { readonly sheet: Sheet }) => Outcome<ManagerContext>;
    readonly timer?: Law<ManagerContext>['timer'];
  },
): Law<ManagerContext> {
  const owes = (facts: Told<Type>) => where.owes({ ...facts, sheet: new Sheet(facts.context) });
  return { ...where, says, in: [where.in].flat(), owes } as Law<ManagerContext>;
}

/** A time limit of a state. */
export const limit = (of: string, name: keyof ManagerTimeouts) => ({
  of,
  ms: ({ timeouts }: ManagerContext) => timeouts[name],
});
