import { EventNames, says } from './eventNames.js';

/** Of all shards of a process. */
const names = new EventNames();

/**
 * Reads `t`, `s` and `op` at the head of a frame without parsing the rest, which is where Discord writes them:
 * `{"t":"MESSAGE_CREATE","s":42,"op":0,"d":{…}}`. A dispatch without a listener is never parsed.
 *
 * The reader is one object a socket, refilled by each `read`, so that no frame costs an allocation.
 */
export class FrameHead {
  t: string | null = null;
  s: number | null = null;
  op = -1;

  /** `bytes` are UTF-8. False where the frame is not written in the usual order: then it must be parsed whole. */
  read(bytes: Uint8Array): boolean {
    if (!says(bytes, 0, '{"t":')) return false;
    let at = 5;
    if (bytes[at] === QUOTE) {
      this.t = names.read(bytes, at + 1);
      if (this.t === null) return false;
      at += this.t.length + 2;
    } else if (says(bytes, at, 'null')) {
      this.t = null;
      at += 4;
    } else return false;

    if (!says(bytes, at, ',"s":')) return false;
    at += 5;
    if (says(bytes, at, 'null')) {
      this.s = null;
      at += 4;
    } else {
      const start = at;
      let sequence = 0;
      for (let digit = digitAt(bytes, at); digit >= 0 && digit <= 9; digit = digitAt(bytes, (at += 1))) {
        sequence = sequence * 10 + digit;
      }
      if (at === start || at - start > MAX_DIGITS) return false;
      this.s = sequence;
    }

    if (!says(bytes, at, ',"op":')) return false;
    at += 6;
    const start = at;
    let op = 0;
    for (let digit = digitAt(bytes, at); digit >= 0 && digit <= 9; digit = digitAt(bytes, (at += 1))) {
      op = op * 10 + digit;
    }
    if (at === start || at - start > 3) return false;
    const next = bytes[at];
    if (next !== COMMA && next !== BRACE) return false;
    this.op = op;
    return true;
  }
}

const QUOTE = 34;
const COMMA = 44;
const ZERO = 48;
const BRACE = 125;
const MAX_DIGITS = 15;

/** Behind the end none. */
const digitAt = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) - ZERO;
