const simulated = new URL('shardchart.mjs', import.meta.url).href;

/** Leads `shardchart` to the face that knows the simulator; that face alone gets the package itself. */
export function resolve(specifier, context, next) {
  if (specifier !== 'shardchart' || context.parentURL === simulated) return next(specifier, context);
  return { url: simulated, shortCircuit: true };
}
