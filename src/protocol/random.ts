/**
 * Randomness as arithmetic: a chart carries a seed in its context, so a run with the same seed and events is the same run.
 * The step is mulberry32: 32 bits of state, uniform enough for jitter, and never for secrets.
 */
export function nextRandom(seed: number): { value: number; seed: number } {
  const next = (seed + 0x6d2b79f5) >>> 0;
  let t = next;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return { value: ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296, seed: next };
}
