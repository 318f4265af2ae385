// Every transition of a shard in a file, and the proof that the chart does what the file says.
import { createAuditLog, createShard, readAuditLog, replayAudit } from 'shardchart';

const log = createAuditLog({ file: 'audit.log', rotate: { maxBytes: 10_000_000, keep: 5 } });
const shard = createShard({
  token: process.env.DISCORD_TOKEN,
  intents: ['Guilds'],
});
log.attach(shard); // any number of shards, or a manager
await shard.connect();
await shard.shutdown();
await log.close();

for await (const { at, from, to, decision } of readAuditLog('audit.log')) {
  console.log(new Date(at).toISOString(), `${from} -> ${to}`, decision?.reason ?? '');
}
console.log(await replayAudit(readAuditLog('audit.log')));
