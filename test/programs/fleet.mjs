// A bot of many shards with its sessions in a file. It writes the number of each message it sees where a kill cannot undo
// it, tells its parent when all shards are up, and leaves in good order at SIGTERM.
import { openSync, writeSync } from 'node:fs';
import { createFileSessionStore, createShardManager } from '../../dist/src/index.js';

const { api, file, seen, debounce } = JSON.parse(process.argv[2]);
const errors = [];
const sessionStore = createFileSessionStore(file, { debounce, onError: ({ code }) => errors.push(code) });
const line = (level) => (text) => errors.push(`${level}: ${text}`);
const manager = createShardManager({
  token: 'token',
  intents: 0,
  api,
  identifyWindow: 20,
  sessionStore,
  logger: { debug() {}, info() {}, warn: line('warn'), error: line('error') },
});
const numbers = openSync(seen, 'a');
manager.on('MESSAGE_CREATE', ({ n }) => void writeSync(numbers, `${n}\n`));

process.once('SIGTERM', async () => {
  await manager.shutdown({ resumable: true });
  await sessionStore.close();
  process.disconnect();
});

await manager.connect();
process.send({ shards: manager.status().shards, errors });
