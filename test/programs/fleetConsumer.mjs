// A consumer in a process of its own: it sends the name of each event, and acknowledges it.
import { consumeFleet } from '../../dist/src/fleet/index.js';

for await (const { shardId, sequence, ack } of consumeFleet(JSON.parse(process.argv[2]))) {
  process.send(`${shardId}/${sequence}`);
  await ack();
}
