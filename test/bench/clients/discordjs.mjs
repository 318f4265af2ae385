import { CompressionMethod, WebSocketManager, WebSocketShardEvents } from '@discordjs/ws';

export async function connect({ url, compression, shards, settings, onDispatch }) {
  let received = 0;
  const information = {
    url,
    shards,
    session_start_limit: { total: 100_000, remaining: 100_000, reset_after: 1, max_concurrency: shards },
  };
  const manager = new WebSocketManager({
    token: 'bench',
    intents: 1,
    shardCount: shards,
    rest: { get: async () => information },
    compression: compression === 'none' ? null : CompressionMethod[settings.inflate],
    // No wait between identifies, as for all others here.
    buildIdentifyThrottler: () => ({ waitForIdentify: async () => {} }),
  });
  manager.on(WebSocketShardEvents.Dispatch, (payload) => {
    received += 1;
    onDispatch(payload);
  });
  manager.on(WebSocketShardEvents.Error, (error) => {
    throw error;
  });
  await manager.connect();
  return { received: () => received };
}
