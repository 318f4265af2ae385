import { dispatch } from './parts/dispatch.mjs';
import { contestants, isInstalled } from './contestants.mjs';
const r = await dispatch({
  rounds: +process.argv[2] || 2,
  events: 50000,
  warmUp: 5000,
  seed: 1,
  compressions: (process.argv[3] ?? 'zlib-stream,none').split(','),
  progress: (x) => process.stderr.write(x + '\n'),
  isWanted: (c) => isInstalled(c) && (!process.argv[4] || process.argv[4].split(',').includes(c.id)),
});
for (const x of r.results)
  console.log(
    x.compression.padEnd(12),
    x.label.padEnd(45),
    x.ratio.median.toFixed(3),
    x.ratio.low.toFixed(3),
    x.ratio.high.toFixed(3),
    x.us.median.toFixed(2),
  );
console.log(r.bytesAnEvent, r.messages);
