/**
 * Faults as data. A call (`simulator.reset(0)`) and a script (`{ at: 'ready', reset: true }`) name the same actions: a call
 * commits one at once, a {@link Fault} commits it when its occasion comes.
 */

/** Closes the WebSocket with this code. A code after which Discord does not resume (4004, 4007, 4009 …) ends the session. */
export interface CloseWith {
  readonly closeWith: number;
  readonly reason?: string;
}

/** Sends INVALID_SESSION (op 9) with this `d`; false ends the session. */
export interface InvalidSession {
  readonly invalidSession: boolean;
}

/** Sends RECONNECT (op 7). */
export interface Reconnect {
  readonly reconnect: true;
}

/** Drops the TCP connection with RST; a frame that was sent just before may be lost. */
export interface Reset {
  readonly reset: true;
}

/** Makes the connection a zombie: it stays open, but acknowledges, sends and enforces nothing any more. */
export interface Silence {
  readonly silence: true;
}

/** Sends a text as if it were a payload, through the connection's compression. */
export interface SendText {
  readonly sendText: string;
}

/** Sends bytes that the client cannot inflate; without transport compression, a binary message that is neither zlib nor JSON. */
export interface SendCorrupt {
  readonly sendCorrupt: true;
}

/** Asks the client for a heartbeat (op 1). */
export interface RequestHeartbeat {
  readonly requestHeartbeat: true;
}

/** Makes the connection half-open: the client's close frame is never answered. */
export interface IgnoreClose {
  readonly ignoreClose: true;
}

/** Ends the session without a word: dispatches stop, and the next RESUME is answered with op 9 false. */
export interface LoseSession {
  readonly loseSession: true;
}

/** Answers a request with RATE_LIMITED and this `retry_after` in seconds. */
export interface RateLimit {
  readonly rateLimit: number;
}

/** Fault of an open connection, committed now (`simulator.apply`) or on an occasion ({@link Fault}). */
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

/** Fault of an HTTP request, in place of its answer. */
export type HttpAction = Hang | Refuse | Reset;

/** Drops the frame that is due, or leaves the client's frame unanswered. */
export interface Skip {
  readonly skip: true;
}

/** Delays the frame or the answer by so many milliseconds, and does nothing else. */
export interface Late {
  readonly delay: number;
}

/** Number of occasions a fault strikes, and its delay. */
export interface Timing {
  /** Matching occasions that the fault strikes; default 1, may be Infinity. */
  readonly times?: number;
  /** Matching occasions that pass first; default 0. An occasion that an earlier fault struck does not count. */
  readonly after?: number;
  /** Milliseconds by which the action is late, or the frame or answer where there is no action; default 0. */
  readonly delay?: number;
}

/** Limits a fault to connections of one URL. */
export interface ByUrl {
  /** First URL or `resume_gateway_url`; default both. */
  readonly url?: 'gateway' | 'resume';
}

/** Limits a fault to connections of one shard. */
export interface ByShard extends ByUrl {
  /** Shard id; default every shard. */
  readonly shardId?: number;
}

/** Occasion on which the client asked for something: the fault comes instead of the answer. */
export type AnswerOccasion = 'identify' | 'resume' | 'heartbeat' | 'request';

/** Occasion on which the gateway is about to send: the fault comes right after the frame. */
export type FrameOccasion = 'ready' | 'resumed' | 'dispatch' | 'replay';

/** Distributive type: each occasion becomes a member of the union by itself. */
type At<Occasion extends string, Rest> = Occasion extends string ? { readonly at: Occasion } & Timing & Rest : never;

/**
 * Fault that is committed when its occasion comes.
 *
 * | `at` | occasion | the fault comes |
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
 * `delay` alone makes the frame or the answer late; later frames of the same connection wait behind a late one. An IDENTIFY
 * that a fault strikes still counts against the limits. Where several faults fit one occasion, the one that was added first
 * strikes, so an array of faults is a story: the first IDENTIFY meets the first fault, the second IDENTIFY the next.
 */
export type Fault =
  | At<'api', HttpAction | Late>
  | At<'upgrade', ByUrl & (HttpAction | Late)>
  | At<'hello', ByUrl & (ConnectionAction | Late | Skip)>
  | At<Exclude<AnswerOccasion, 'request'> | FrameOccasion, ByShard & (ConnectionAction | Late | Skip)>
  | At<'request', ByShard & (ConnectionAction | Late | RateLimit | Skip)>
  | At<'close', ByShard & (Late | Reset | Skip)>;

/** Point in the life of a connection or a request at which a fault can strike. */
export type Occasion = Fault['at'];

/** Faults that one occasion knows. */
export type FaultAt<O extends Occasion> = Extract<Fault, { at: O }>;
