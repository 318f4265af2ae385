/** Type and sequence of a dispatch. */
export interface DispatchHead {
  readonly t: string;
  readonly s: number;
}

/** The usual order: `{"t":"MESSAGE_CREATE","s":42,"op":0,"d":{…}}`. */
const USUAL = /^\{"t":(?:null|"(\w+)"),"s":(?:null|(\d{1,15})),"op":(\d{1,3})[,}]/;

/** Head of a frame as `shard.on('raw')` has it; null for a frame that is not a dispatch with a sequence. Only an unusual frame is parsed. */
export function dispatchHeadOf(text: string): DispatchHead | null {
  const match = text.endsWith('}') ? USUAL.exec(text) : null;
  if (match === null) return parsedHeadOf(text);
  const [, t, s, op] = match;
  return t === undefined || s === undefined || op !== '0' ? null : { t, s: Number(s) };
}

function parsedHeadOf(text: string): DispatchHead | null {
  try {
    const { t, s, op } = JSON.parse(text) as { t?: unknown; s?: unknown; op?: unknown };
    return op === 0 && typeof t === 'string' && Number.isSafeInteger(s) ? { t, s: s as number } : null;
  } catch {
    // The shard reports it as malformed.
    return null;
  }
}
