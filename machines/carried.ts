/** Params of a guard or an action that takes the facts its event carries: bound once, not at each use. */
export const carried = <Event>({ event }: { readonly event: Event }): Event => event;
