/** Name without its case and its underscores: `MESSAGE_CREATE` and `messageCreate` are one word written in two ways. */
const plain = (name: string): string => name.replaceAll(/[_-]/g, '').toLowerCase();

/** Longest name that is compared: the distance of two names takes time by the product of their lengths. */
const MAX_LENGTH = 64;

/** The known name that a wrong one most likely stands for; null where none is near. */
export function nearest(name: string, known: Iterable<string>): string | null {
  if (name.length > MAX_LENGTH) return null;
  const wanted = plain(name);
  let best: string | null = null;
  // Two letters in five may be wrong: two that changed places count twice.
  let bestDistance = Math.floor(wanted.length * 0.4) + 1;
  for (const candidate of known) {
    const distance = editDistance(wanted, plain(candidate));
    if (distance >= bestDistance) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

/** ` Did you mean "Guilds"?`, or nothing where no known name is near. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const near = nearest(name, known);
  return near === null ? '' : ` Did you mean "${near}"?`;
}

/** Fewest letters to insert, remove or replace that make one text the other. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
