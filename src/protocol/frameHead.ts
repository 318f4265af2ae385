/**
 * Reads `t`, `s` and `op` at the head of a frame without parsing the rest, which is where Discord writes them:
 * `{"t":"MESSAGE_CREATE","s":42,"op":0,"d":{…}}`. A dispatch nobody listens to is never parsed.
 *
 * The reader is one object a socket, filled anew by each `read`, so that no frame costs an allocation.
 */
export class FrameHead {
  t: string | null = null;
  s: number | null = null;
  op = -1;

  /** False where the frame is not written in the usual order: then it must be parsed whole. */
  read(text: string): boolean {
    if (!text.startsWith('{"t":')) return false;
    let at: number;
    if (text.charCodeAt(5) === QUOTE) {
      let end = 6;
      while (isNameCharacter(text.charCodeAt(end))) end += 1;
      if (text.charCodeAt(end) !== QUOTE) return false;
      this.t = text.slice(6, end);
      at = end + 1;
    } else if (text.startsWith('null', 5)) {
      this.t = null;
      at = 9;
    } else return false;

    if (!text.startsWith(',"s":', at)) return false;
    at += 5;
    if (text.startsWith('null', at)) {
      this.s = null;
      at += 4;
    } else {
      const start = at;
      let sequence = 0;
      for (let digit = text.charCodeAt(at) - ZERO; digit >= 0 && digit <= 9; digit = text.charCodeAt(++at) - ZERO) {
        sequence = sequence * 10 + digit;
      }
      if (at === start || at - start > MAX_DIGITS) return false;
      this.s = sequence;
    }

    if (!text.startsWith(',"op":', at)) return false;
    at += 6;
    const start = at;
    let op = 0;
    for (let digit = text.charCodeAt(at) - ZERO; digit >= 0 && digit <= 9; digit = text.charCodeAt(++at) - ZERO) {
      op = op * 10 + digit;
    }
    if (at === start || at - start > 3) return false;
    const next = text.charCodeAt(at);
    if (next !== COMMA && next !== BRACE) return false;
    this.op = op;
    return true;
  }
}

/** More than any head is long: of a frame's beginning no more is needed. */
export const MAX_HEAD_LENGTH = 128;

const QUOTE = 34;
const COMMA = 44;
const ZERO = 48;
const BRACE = 125;
const MAX_DIGITS = 15;

/** Event names are upper case, digits and underscores: with anything else the name in the text may not be the name it means. */
function isNameCharacter(code: number): boolean {
  return (code >= 65 && code <= 90) || code === UNDERSCORE || (code >= ZERO && code <= 57);
}

const UNDERSCORE = 95;
