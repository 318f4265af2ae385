import type { Colors } from 'picocolors/types.js';
import { lifecycles, type Lifecycle } from '../../../../machines/lifecycle.js';
import type { FleetStatus } from '../../../fleet/fleetStatus.js';
import { paint } from '../../terminal/format.js';
import { showDuration } from '../audit/time.js';
import { showCount } from '../run/words.js';

const NUMBERS = [
  ['shards', 8],
  ['up', 6],
  ['latency', 10],
  ['last beat', 11],
  ['joined', 12],
] as const;

const isUp = ({ state }: FleetStatus['shards'][number]) => state === 'Connected';

/** The fleet as lines: a headline, a row for each worker, shards that are not Connected, and consumer groups. */
export function drawFleet(status: FleetStatus, colors: Colors, now = Date.now()): string[] {
  const { shards, workers, groups } = status;
  return [
    colors.bold(headline(status)),
    ...budget(status),
    ...(workers.length === 0 ? ['no worker has joined yet'] : ['', ...workerRows(status, colors, now)]),
    ...away(shards, colors),
    ...(groups.length === 0 ? [] : ['', ...groups.map(describeGroup)]),
  ];
}

function headline({ total, nextTotal, workers, shards }: FleetStatus): string {
  const living = workers.filter(({ state }) => state !== 'gone').length;
  const next = nextTotal === null ? '' : ` · being resharded to ${showCount(nextTotal)}`;
  return `${shards.filter(isUp).length}/${showCount(total)} up · ${living} ${living === 1 ? 'worker' : 'workers'}${next}`;
}

function budget({ identifies: { waiting, total, remaining, resetAt } }: FleetStatus): string[] {
  if (total === null || remaining === null) return waiting === 0 ? [] : [`${waiting} shards wait to identify`];
  const until = resetAt === null ? '' : ` until ${new Date(resetAt).toISOString()}`;
  const queue = waiting === 0 ? '' : ` · ${waiting} shards wait`;
  return [`${showCount(remaining)} of ${showCount(total)} identifies left${until}${queue}`];
}

function workerRows({ workers, shards }: FleetStatus, colors: Colors, now: number): string[] {
  const width = Math.max(6, ...workers.map(({ worker }) => worker.length));
  const heading = ['worker'.padEnd(width), 'state'.padEnd(8), ...NUMBERS.map(([name, size]) => name.padStart(size))];
  const rows = workers.map(({ worker, state, shards: count, capacity, beatAgo, since }) => {
    const own = shards.filter((shard) => shard.worker === worker);
    const latencies = own.flatMap(({ latency }) => latency ?? []);
    const latency = latencies.reduce((sum, each) => sum + each, 0) / latencies.length;
    const cells = [
      capacity === null ? showCount(count) : `${count}/${capacity}`,
      showCount(own.filter(isUp).length),
      latencies.length === 0 ? '-' : `${latency.toFixed(0)} ms`,
      `${(beatAgo / 1_000).toFixed(1)} s ago`,
      showDuration(Math.max(0, now - since)),
    ];
    const row = [
      worker.padEnd(width),
      state.padEnd(8),
      ...cells.map((cell, at) => cell.padStart(NUMBERS[at]?.[1] ?? 0)),
    ];
    return state === 'gone' ? colors.dim(row.join('  ')) : row.join('  ');
  });
  return [colors.dim(heading.join('  ')), ...rows];
}

/** Shards that are not Connected, by state. */
function away(shards: FleetStatus['shards'], colors: Colors): string[] {
  const states = [...lifecycles.filter((state) => state !== 'Connected'), null];
  const lines = states.flatMap((state) => {
    const ids = shards.filter((shard) => shard.state === state).map(({ id }) => id);
    if (ids.length === 0) return [];
    const shown = ids.slice(0, 20).join(', ') + (ids.length > 20 ? ` and ${ids.length - 20} more` : '');
    return [`${state === null ? 'no worker' : paint(colors, state as Lifecycle, state)}: ${shown}`];
  });
  return lines.length === 0 ? [] : ['', ...lines];
}

const describeGroup = ({ group, lag, pending }: FleetStatus['groups'][number]) =>
  `consumers ${group}: ${lag === null ? 'an unknown number of' : showCount(lag)} events behind, ${showCount(pending)} not acknowledged`;
