// The report as text: ratios side by side, each with the range of its rounds.
const range = ({ median, low, high }, digits = 2) =>
  `${median.toFixed(digits)} (${low.toFixed(digits)}-${high.toFixed(digits)})`;

function table(title, columns, rows) {
  const all = [columns, ...rows];
  const widths = columns.map((_, at) => Math.max(...all.map((row) => row[at].length)));
  const line = (row) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at])))
      .join('  ')
      .trimEnd();
  return [title, ...all.map(line), ''].join('\n');
}

const parts = {
  dispatch: ({ rounds, events, bytesAnEvent, results }) =>
    [...new Set(results.map(({ compression }) => compression))]
      .map((compression) =>
        table(
          `Dispatches a CPU second over ${compression}, as multiples of the bare loop: ${events} of ${bytesAnEvent.toFixed(0)} bytes, median (range) of ${rounds} rounds`,
          ['', 'ratio', 'µs an event'],
          results
            .filter((result) => result.compression === compression)
            .map(({ label, ratio, us }) => [label, range(ratio), range(us, 1)]),
        ),
      )
      .join('\n'),
  inflate: ({ rounds, events, results }) =>
    table(
      `Messages inflated a CPU second, as multiples of zlib-sync: ${events}, median (range) of ${rounds} rounds`,
      ['', 'ratio', 'µs a message'],
      results.map(({ name, ratio, us }) => [name, range(ratio), range(us, 1)]),
    ),
  idle: ({ rounds, events, results }) =>
    [...new Set(results.map(({ shards, guilds }) => `${shards} ${guilds}`))]
      .map((key) => {
        const own = results.filter(({ shards, guilds }) => `${shards} ${guilds}` === key);
        const [{ shards, guilds }] = own;
        const what = guilds === 0 ? '' : `, each after ${guilds} guilds and ${events} events`;
        return table(
          `${shards} idle shards over zlib-stream${what}, median (range) of ${rounds} rounds`,
          ['', 'RSS, KiB a shard', 'heap, KiB a shard', 'start-up, ms', 'of it CPU, ms', 'idle, % of a core'],
          own.map(({ label, rssKiB, heapKiB, startUpMs, startUpCpuMs, idlePercent }) => [
            label,
            range(rssKiB, 0),
            range(heapKiB, 0),
            range(startUpMs, 0),
            range(startUpCpuMs, 0),
            range(idlePercent),
          ]),
        );
      })
      .join('\n'),
  latency: ({ rate, results }) =>
    table(
      `From the server's write to the listener at ${rate} events a second, over zlib-stream`,
      ['', 'p50, µs', 'p99, µs', 'most, ms', 'collections', 'longest, ms'],
      results.map(({ label, p50Us, p99Us, maxUs, collections, longestCollectionMs }) => [
        label,
        p50Us.toFixed(0),
        p99Us.toFixed(0),
        (maxUs / 1_000).toFixed(1),
        collections.toFixed(0),
        longestCollectionMs.toFixed(1),
      ]),
    ),
  costs: ({ rounds, results }) =>
    table(
      `What an addition costs a dispatch, in CPU time of a shard with one listener, median (range) of ${rounds} rounds`,
      ['', 'times', 'µs an event'],
      results.map(({ name, ratio, us }) => [name, range(ratio), range(us, 1)]),
    ),
  fleet: ({ rounds, events, shards, workers, results, claimMs, idle, takeover }) =>
    [
      table(
        `Publishing to Redis streams and consuming: CPU an event, ${events} events in bursts of 16, median (range) of ${rounds} rounds`,
        ['', 'here, µs', 'Redis, µs'],
        results.map(({ label, us, redisUs }) => [label, range(us, 1), range(redisUs, 1)]),
      ),
      table(
        `A fleet of ${shards} shards`,
        ['', ''],
        [
          ['one worker claims all, ms', range(claimMs, 0)],
          [`${workers} idle workers, scripts a second`, idle.commandsPerSecond.toFixed(1)],
          [`${workers} idle workers, % of a core in Redis`, idle.redisPercent.toFixed(2)],
        ],
      ),
      table(
        `From kill -9 of a worker until its shards are Connected at two others, ${takeover.kills} kills, lease 3 s, ${takeover.shards} shards, ${takeover.identifies} identifies in all`,
        ['median, ms', 'worst, ms'],
        [[takeover.medianMs.toFixed(0), takeover.worstMs.toFixed(0)]],
      ),
    ].join('\n'),
  bots: ({ rounds, events, bytesAnEvent, results }) =>
    table(
      `Whole bots of discord.js over zlib-stream, ${events} events of ${bytesAnEvent.toFixed(0)} bytes, median (range) of ${rounds} rounds`,
      ['', 'events a CPU second', 'as a multiple', 'RSS, MiB', 'back after a reset, ms'],
      results.map(({ label, perSecond, ratio, rssMiB, recoveryMs }) => [
        label,
        range(perSecond, 0),
        range(ratio),
        range(rssMiB, 0),
        recoveryMs.toFixed(0),
      ]),
    ),
  cores: ({ cores, throughput, cpu, posted }) =>
    table(
      `Two processes on ${cores} cores, the server beside them, as multiples of one`,
      ['', 'times'],
      [
        ['events a second, both together', range(throughput)],
        ['CPU time an event', range(cpu)],
        ['taking a parsed event from a worker thread, as a multiple of parsing it', range(posted)],
      ],
    ),
};

export const textOf = (report) =>
  [
    `Node ${report.node}; skipped: ${report.skipped.join('; ') || 'nothing'}`,
    '',
    ...Object.entries(report.parts).map(([name, result]) => parts[name](result)),
  ].join('\n');
