/** Packages that lead an example to the test, by the name that the example imports. */
const faces = new Map([
  ['shardchart', new URL('shardchart.mjs', import.meta.url).href],
  ['discord.js', new URL('discordjs.mjs', import.meta.url).href],
  ['@discordjs/rest', new URL('rest.mjs', import.meta.url).href],
]);

/** Leads a package to its face for tests; that face alone gets the package itself. */
export function resolve(specifier, context, next) {
  const url = faces.get(specifier);
  if (url === undefined || context.parentURL === url) return next(specifier, context);
  return { url, shortCircuit: true };
}
