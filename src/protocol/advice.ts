import { closeCodeRow } from './closeCodes.js';
import { hasIntent, privilegedIntents, unknownBits } from './intents.js';

/** What the shard identified with, as far as a refusal can be about it. */
export interface IdentifiedWith {
  readonly intents: number;
  readonly id: number;
  readonly total: number;
}

const and = (words: readonly string[]) => words.join(words.length > 2 ? ', ' : ' and ');

/** What the user does about a close code, with the values that were sent; null where the code has no advice. */
export function adviceFor(code: number, { intents, id, total }: IdentifiedWith): string | null {
  const { advice = null } = closeCodeRow(code);
  if (code === 4010) return `[${id}, ${total}] was sent. ${advice}`;
  if (code === 4011) return `The total sent was ${total}. ${advice}`;
  if (code === 4013) {
    const bits = unknownBits(intents);
    const unknown = bits.length === 0 ? '' : `; no intent has bit ${and(bits.map(String))}`;
    return `The intents sent were ${intents}${unknown}. ${advice}`;
  }
  if (code === 4014) {
    const passed = privilegedIntents.filter((name) => hasIntent(intents, name));
    if (passed.length > 0) return `The privileged intents passed were ${and(passed)}. ${advice}`;
  }
  return advice;
}
