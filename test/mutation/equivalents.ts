/** Mutants that cannot be told from our charts by anything a shard does, each with the reason. */
export const equivalents: Readonly<Record<string, string>> = {};
