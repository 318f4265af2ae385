import { setTimeout as sleep } from 'node:timers/promises';
import { FatalShardError } from '../../../util/errors.js';
import { createShard, type Shard } from '../../../shard/shard.js';
import { ExitCode } from '../../exitCode.js';
import { labelled, showTime, sinceStart, TransitionPrinter, wrap } from '../../terminal/format.js';
import type { Interrupt } from '../../terminal/interrupt.js';
import type { Output } from '../../terminal/output.js';

const GUILDS_INTENT = 1;
const SHOWN_FOR_MS = 20_000;
const STATUS_EVERY_MS = 200;

/** The demo on a real gateway: shows one shard, its transitions and its events for 20 s or until interrupted. */
export async function showDiscord(
  { token, url }: { token: string; url: string },
  output: Output,
  interrupt: Interrupt,
  onShard: (shard: Shard) => void,
): Promise<number> {
  const startedAt = Date.now();
  const printer = new TransitionPrinter(output, sinceStart(startedAt));
  const figures = { transitions: 0, resumes: 0, identifies: 0, events: 0, heartbeats: 0 };
  const events = new Map<string, number>();
  const shard = createShard({ token, intents: GUILDS_INTENT, url, logger: quietLogger(output) });
  onShard(shard);
  const failed = new Promise<FatalShardError>((resolve) => shard.once('fatal', resolve));
  shard.on('transition', (record) => {
    printer.print(record);
    if (record.from !== record.to) figures.transitions += 1;
  });
  shard.on('ready', () => (figures.identifies += 1));
  shard.on('resumed', () => (figures.resumes += 1));
  shard.on('heartbeat', () => (figures.heartbeats += 1));
  shard.on('dispatch', ({ t }) => {
    figures.events += 1;
    events.set(t, (events.get(t) ?? 0) + 1);
  });

  output.line(output.colors.bold('shardchart demo'));
  output.line(`   DISCORD_TOKEN is set: one shard at ${url}, for ${SHOWN_FOR_MS / 1_000} s or until Ctrl+C.`);
  output.line();
  const status = setInterval(() => {
    const latency = shard.latency === null ? '' : `  latency ${shard.latency.toFixed(0)} ms`;
    output.status(`${showTime(Date.now() - startedAt)}  ${shard.state}  ${figures.events} events${latency}`);
  }, STATUS_EVERY_MS);
  const over = new AbortController();
  // Both reasons for a rejection are handled below: `fatal`, and an interrupt before the shard was up.
  shard.connect().catch(() => {});
  const timeUp = sleep(SHOWN_FOR_MS, undefined, { signal: over.signal }).catch(() => {});
  const fatal = await Promise.race([failed, interrupt.requested, timeUp]);
  over.abort();
  clearInterval(status);
  output.status(null);
  const wasConnected = figures.identifies > 0;
  await shard.shutdown({ resumable: false });

  if (fatal instanceof FatalShardError) {
    output.line();
    for (const row of wrap(fatal.message, output.columns - 3)) output.line(`   ${output.colors.bold(row)}`);
    return ExitCode.Failed;
  }
  output.line();
  output.line(output.colors.bold('Summary'));
  for (const entry of labelled({ ...figures, time: showTime(Date.now() - startedAt).trim() }))
    output.line(`  ${entry}`);
  if (events.size > 0) {
    output.line();
    output.line(output.colors.bold('Events'));
    for (const entry of labelled(Object.fromEntries(events))) output.line(`  ${entry}`);
  }
  if (wasConnected || interrupt.isRequested) return ExitCode.Fine;
  output.line();
  output.line(
    output.colors.bold(`The shard did not connect within ${SHOWN_FOR_MS / 1_000} s. The lines above say why.`),
  );
  return ExitCode.Failed;
}

/** Prints warnings and errors. A fatal close is left out here: its advice is printed at the end. */
function quietLogger(output: Output) {
  const line = (message: string): void => {
    if (!message.includes('refused the shard for good')) output.line(`         ${message}`);
  };
  return { debug: () => {}, info: () => {}, warn: line, error: line };
}
