/**
 * What can go wrong, as data. A call (`simulator.reset(0)`) and a script (`{ at: 'ready', reset: true }`) name the same
 * actions: a call commits one at once, a {@link Fault} commits it when its occasion comes.
 */

/** Closes the WebSocket with `closeWith`. A code after which Discord knows no session any more (4004, 4007, 4009 …) forgets it. */
export interface CloseWith {
  readonly closeWith: number;
  readonly reason?: string;
}

/** Sends INVALID_SESSION (op 9) with this as `d`; false forgets the session. */
export interface InvalidSession {
  readonly invalidSession: boolean;
}

/** Sends RECONNECT (op 7). */
export interface Reconnect {
  readonly reconnect: true;
}

/** Drops the TCP connection with RST; a frame sent just before may be lost with it. */
export interface Reset {
  readonly reset: true;
}

/** Zombie: the connection stays open, and nothing is acknowledged, sent or enforced on it any more. */
export interface Silence {
  readonly silence: true;
}

/** Sends this text, through the connection's own compression, as if it were a payload. */
export interface SendText {
  readonly sendText: string;
}

/** Sends bytes no inflater of the connection accepts; without transport compression, a binary frame that is neither zlib nor JSON. */
export interface SendCorrupt {
  readonly sendCorrupt: true;
}

/** Asks for a heartbeat (op 1). */
export interface RequestHeartbeat {
  readonly requestHeartbeat: true;
}

/** Half-open: from now on a close frame of the client's is never answered. */
export interface IgnoreClose {
  readonly ignoreClose: true;
}

/** Forgets the session and says nothing: dispatches cease, and its next RESUME is answered with op 9 false. */
export interface LoseSession {
  readonly loseSession: true;
}

/** Answers a request with RATE_LIMITED instead, and this as its `retry_after` in seconds. */
export interface RateLimit {
  readonly rateLimit: number;
}

/** What can be done to an open connection, now (`simulator.apply`) or at an occasion ({@link Fault}). */
export type ConnectionAction =
  | CloseWith
  | IgnoreClose
  | InvalidSession
  | LoseSession
  | Reconnect
  | RequestHeartbeat
  | Reset
  | SendCorrupt
  | SendText
  | Silence;

/** Answers an HTTP request with this status (400 to 599), and `Retry-After: retryAfter` in seconds. */
export interface Refuse {
  readonly refuse: number;
  readonly retryAfter?: number;
}

/** Never answers an HTTP request. */
export interface Hang {
  readonly hang: true;
}

/** What can be done to an HTTP request instead of answering it. */
export type HttpAction = Hang | Refuse | Reset;

/** The frame never leaves, or the client's frame is never answered. */
export interface Skip {
  readonly skip: true;
}

/** The frame or the answer comes so many milliseconds late, and nothing else happens. */
export interface Late {
  readonly delay: number;
}

/** How often, and how late. */
export interface Timing {
  /** Matching occasions it strikes; default 1, Infinity allowed. */
  readonly times?: number;
  /** Matching occasions it lets pass first; default 0. Those an earlier fault struck are not counted. */
  readonly after?: number;
  /** Milliseconds by which the action comes late; on its own, by which the frame or the answer does. Default 0. */
  readonly delay?: number;
}

/** Where it strikes: connections to the first URL, or to `resume_gateway_url`; left out, both. */
export interface ByUrl {
  readonly url?: 'gateway' | 'resume';
}

/** Where it strikes: connections of this shard; left out, all. */
export interface ByShard extends ByUrl {
  readonly shardId?: number;
}

/** The client has asked: what happens comes instead of the answer. */
export type AnswerOccasion = 'identify' | 'resume' | 'heartbeat' | 'request';

/** The gateway is about to send: what happens comes right after the frame has left. */
export type FrameOccasion = 'ready' | 'resumed' | 'dispatch' | 'replay';

/** Distributes, so that each occasion is a member of the union by itself. */
type At<Occasion extends string, Rest> = Occasion extends string ? { readonly at: Occasion } & Timing & Rest : never;

/**
 * One fault: an occasion, and what happens on it.
 *
 * | `at` | occasion | what happens |
 * |---|---|---|
 * | `api` | a request to `/gateway` or `/gateway/bot` | instead of the answer |
 * | `upgrade` | a WebSocket handshake | instead of the answer |
 * | `hello` | HELLO is due | after HELLO, unless `skip` |
 * | `identify`, `resume`, `heartbeat` | op 2, 6 or 1 has come and is correct | instead of the answer |
 * | `request` | op 4, 8, 31 or 43 has come | instead of the answer, if it would get one |
 * | `ready`, `resumed` | READY or RESUMED is due | after it, unless `skip` |
 * | `dispatch`, `replay` | any other dispatch is due, live or replayed | after it, unless `skip` |
 * | `close` | the client's close frame has come | instead of the answer |
 *
 * `delay` alone makes the frame or the answer late; what follows on the same connection waits behind a late frame.
 * An IDENTIFY that a fault strikes has still spent its share of the limits. Of several faults for one occasion the
 * earliest strikes, so that an array of them is a story: the first IDENTIFY meets the first fault, the second the next.
 */
export type Fault =
  | At<'api', HttpAction | Late>
  | At<'upgrade', ByUrl & (HttpAction | Late)>
  | At<'hello', ByUrl & (ConnectionAction | Late | Skip)>
  | At<Exclude<AnswerOccasion, 'request'> | FrameOccasion, ByShard & (ConnectionAction | Late | Skip)>
  | At<'request', ByShard & (ConnectionAction | Late | RateLimit | Skip)>
  | At<'close', ByShard & (Late | Reset | Skip)>;

export type Occasion = Fault['at'];

/** The faults of one occasion. */
export type FaultAt<O extends Occasion> = Extract<Fault, { at: O }>;
