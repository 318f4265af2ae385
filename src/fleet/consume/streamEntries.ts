/** An entry of a shard's stream, as the publisher wrote it. */
export interface StreamEntry {
  /** `GENERATION-SEQUENCE` */
  readonly id: string;
  readonly sequence: number;
  /** Mark of the session. */
  readonly mark: string;
  /** The event as the gateway sent it. */
  readonly text: string;
}

/** Entries by stream, as XREADGROUP answers: lists in RESP2, a map in RESP3, null where nothing came. */
export function readStreams(answer: unknown): readonly (readonly [stream: string, entries: readonly StreamEntry[]])[] {
  if (answer === null || answer === undefined) return [];
  const rows = Array.isArray(answer)
    ? (answer as [unknown, unknown][])
    : answer instanceof Map
      ? [...(answer as Map<unknown, unknown>)]
      : Object.entries(answer);
  return rows.map(([stream, entries]) => [String(stream), readEntries(entries)]);
}

/** Entries in a list of them. An entry that was trimmed away has no fields, and is left out. */
export function readEntries(entries: unknown): readonly StreamEntry[] {
  return (entries as readonly (readonly [unknown, readonly unknown[] | null] | null)[]).flatMap((entry) => {
    if (entry === null || entry[1] === null) return [];
    const id = String(entry[0]);
    const fields = entry[1].map(String);
    const field = (name: string) => fields[fields.findIndex((text, at) => at % 2 === 0 && text === name) + 1] ?? '';
    return [{ id, sequence: Number(id.slice(id.indexOf('-') + 1)), mark: field('m'), text: field('p') }];
  });
}
