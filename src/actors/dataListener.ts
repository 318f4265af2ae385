import type { Socket } from 'node:net';

/*
 * A side door into ws: its listener for the bytes of the TCP socket is exchanged for ours.
 *
 * ws takes every frame apart in several steps with a Buffer a step, and pauses the socket for every large chunk.
 * test/sideDoors/dataListener.test.ts fails when ws no longer listens to `data` with one function that takes any cut of the
 * bytes. Where it does not, ws keeps the connection to itself: slower, and right.
 */

type Listener = (chunk: Buffer) => void;

/** The `data` listener of ws while ours stands in its place. */
export class DataListener {
  readonly #tcp: Socket;
  readonly #theirs: Listener;
  readonly #ours: Listener;

  /** Exchanges the one listener; null, and nothing changed, where there is none or more than one. */
  static replace(tcp: Socket, ours: Listener): DataListener | null {
    const [theirs, ...others] = tcp.listeners('data') as Listener[];
    return theirs === undefined || others.length > 0 ? null : new DataListener(tcp, theirs, ours);
  }

  private constructor(tcp: Socket, theirs: Listener, ours: Listener) {
    this.#tcp = tcp;
    this.#theirs = theirs;
    this.#ours = ours;
    // In this order: a socket without a listener would pause.
    tcp.on('data', ours);
    tcp.off('data', theirs);
  }

  /** Hands bytes to ws. */
  pass(chunk: Buffer): void {
    this.#theirs.call(this.#tcp, chunk);
  }

  /** Gives ws its place back, and then these bytes: ws removes its listener once it has read the close frame. */
  restore(chunk: Buffer): void {
    this.#tcp.on('data', this.#theirs);
    this.#tcp.off('data', this.#ours);
    this.pass(chunk);
  }
}
