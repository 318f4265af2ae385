function refuse() {
  throw new RangeError('hidden from this run');
}

/** Additions to a shard whose cost is measured. */
const extras = {
  inspect: () => ({ inspect: () => {} }),
};

export async function connect({ url, compression, shards, settings = {}, onDispatch, onMessageCreate }) {
  // As where a process has too few addresses; Node itself needs the rest of it.
  if (settings.withoutWebAssembly) WebAssembly.Instance = refuse;
  const { createAuditLog, createIdentifyLimiter, createShard } = await import('../../../dist/src/index.js');
  const { extra, only } = settings;
  const identifyLimiter = createIdentifyLimiter({ maxConcurrency: 1_000, window: 0 });
  const log = extra === 'audit' ? createAuditLog({ capacity: 1_000 }) : null;
  const made = [];
  for (let id = 0; id < shards; id += 1) {
    const shard = createShard({
      token: 'bench',
      intents: 1,
      id,
      total: shards,
      url,
      compression,
      identifyLimiter,
      logger: { debug() {}, info() {}, warn: console.error, error: console.error },
      ...extras[extra]?.(),
    });
    if (only === undefined) shard.on('dispatch', onDispatch);
    else shard.on(only, onMessageCreate);
    for (let more = 0; more < (settings.listeners ?? 0); more += 1) shard.on('dispatch', () => more);
    if (extra === 'raw') shard.on('raw', () => {});
    if (extra === 'events') void drain(shard.events({ buffer: 1_000_000 }));
    log?.attach(shard);
    made.push(shard);
  }
  await Promise.all(made.map((shard) => shard.connect()));
  return { received: () => made.reduce((sum, { stats }) => sum + stats.dispatches, 0) };
}

async function drain(stream) {
  for await (const { t } of stream) if (t === '') return;
}
