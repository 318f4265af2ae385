const sorted = (values) => values.toSorted((a, b) => a - b);

export const quantile = (values, share) => {
  const ordered = sorted(values);
  const at = (ordered.length - 1) * share;
  const low = ordered[Math.floor(at)];
  return low + (ordered[Math.ceil(at)] - low) * (at - Math.floor(at));
};

/** Median, and from where to where the values lie. */
export const summary = (values) => ({
  median: quantile(values, 0.5),
  low: Math.min(...values),
  high: Math.max(...values),
});
