/** More than there are events. */
const MOST_KEPT = 512;
const MAX_LENGTH = 64;

const QUOTE = 34;

/** Reads the names of events from bytes. One that has come before is the same string again: nothing to make, and its hash is known. */
export class EventNames {
  readonly #byHash = new Map<number, string>();

  /** The name between `from` and a quote; null where none is. */
  read(bytes: Uint8Array, from: number): string | null {
    let hash = 0;
    let to = from;
    for (let code = bytes[to]; isNameCharacter(code); code = bytes[(to += 1)]) hash = (Math.imul(hash, 31) + code) | 0;
    if (bytes[to] !== QUOTE || to - from > MAX_LENGTH) return null;
    const known = this.#byHash.get(hash);
    if (known !== undefined && known.length === to - from && says(bytes, from, known)) return known;
    const name = String.fromCharCode(...bytes.subarray(from, to));
    if (known === undefined && this.#byHash.size < MOST_KEPT) this.#byHash.set(hash, name);
    return name;
  }
}

/** Whether this ASCII text is there. */
export function says(bytes: Uint8Array, at: number, text: string): boolean {
  for (let n = 0; n < text.length; n += 1) if (bytes[at + n] !== text.charCodeAt(n)) return false;
  return true;
}

/** Upper case, digits and underscores: with anything else the name in the text may not be the name it means. */
function isNameCharacter(code: number | undefined): code is number {
  return code !== undefined && ((code >= 65 && code <= 90) || code === 95 || (code >= 48 && code <= 57));
}
