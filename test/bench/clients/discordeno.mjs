// Discordeno's Shard as its gateway manager makes it with `preferSnakeCase`, which spares it renaming every field.
import { DiscordenoShard } from '@discordeno/gateway';

const quiet = () => {};
const logger = { debug: quiet, info: quiet, warn: quiet, error: console.error, fatal: console.error };

export async function connect({ url, compression, shards, onDispatch }) {
  let received = 0;
  const connection = {
    url,
    compress: false,
    transportCompression: compression === 'none' ? null : compression,
    intents: 1,
    properties: { os: 'linux', browser: 'bench', device: 'bench' },
    token: 'bench',
    totalShards: shards,
    version: 10,
  };
  const events = {
    message(_, payload) {
      if (payload.op !== 0) return;
      received += 1;
      onDispatch(payload);
    },
  };
  await Promise.all(
    Array.from({ length: shards }, async (_, id) => {
      const shard = new DiscordenoShard({ id, connection: { ...connection }, events, logger });
      shard.forwardToBot = (payload) => shard.events.message?.(shard, payload);
      await shard.identify();
    }),
  );
  return { received: () => received };
}
