/** A value or a promise of it: limiters and stores may live in this process or elsewhere. */
export type Awaitable<T> = T | PromiseLike<T>;
