// Handles the events of a fleet that publishes them to Redis: no token and no connection to Discord. Start it as often as you like.
import { consumeFleet } from 'shardchart/fleet';

const end = new AbortController();
process.once('SIGTERM', () => end.abort());

const events = consumeFleet({
  redis: process.env.REDIS_URL, // 'redis://127.0.0.1:6379'
  name: 'my-bot',
  group: 'log', // each group gets every event, and its consumers share them
  consumer: `log-${process.pid}`,
  events: ['MESSAGE_CREATE'],
  signal: end.signal,
});

try {
  for await (const { shardId, payload, ack } of events) {
    console.log(`shard ${shardId}: ${payload.d.content}`);
    await ack();
  }
} catch (error) {
  if (!end.signal.aborted) throw error;
}
