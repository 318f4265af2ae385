/** Numbers from 0 to 1 that the seed decides (mulberry32), and what is drawn with them. */
export function createRandom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  /** A whole number from `min` to `max`. */
  const whole = (min, max) => min + Math.floor(next() * (max - min + 1));
  return { next, whole, oneOf: (list) => list[whole(0, list.length - 1)] };
}
