// A worker of a fleet. It tells its parent what its listeners hear, and drains on SIGTERM.
import { createFleet } from '../../dist/src/fleet/index.js';

const options = JSON.parse(process.argv[2]);
const fleet = createFleet({
  ...options,
  logger: process.env.SHOW ? console : { debug() {}, info() {}, warn() {}, error() {} },
});
const tell = (message) => process.connected && process.send(message);
fleet.on('claimed', ({ resumable }, shard) => tell({ type: 'claimed', shard, resumable }));
fleet.on('lost', ({ reason }, shard) => tell({ type: 'lost', shard, reason }));
fleet.on('connect', ({ resumed }, shard) => tell({ type: 'up', shard, resumed }));
fleet.on('gap', (gap, shard) => tell({ type: 'gap', shard, ...gap }));
fleet.on('TYPING_START', ({ number }, shard) => tell({ type: 'event', shard, number }));
process.once('SIGTERM', () => fleet.shutdown().then(() => process.disconnect()));
await fleet.connect();
tell({ type: 'connected', ids: fleet.ids });
