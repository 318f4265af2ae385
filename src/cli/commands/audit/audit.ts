import { once } from 'node:events';
import { AuditError, readAuditLog, type SkippedLine } from '../../../audit/index.js';
import { inOrder } from '../../../audit/order.js';
import { ExitCode, UsageError } from '../../exitCode.js';
import { createOutput, onceUnread, writeJson } from '../../terminal/output.js';
import { warn } from '../../terminal/warn.js';
import { type Filter, type FilterOptions, matches, parseFilter } from './filter.js';
import { reportTotals } from './reportTotals.js';
import { WallClock } from './time.js';
import { Timeline } from './timeline.js';
import { TotalsCounter } from './totals.js';
import { reportVerdict, type Verdict, verify } from './verify.js';
import { createVersionWarning, warnOfSkipped } from './warn.js';

/** Options of `shardchart audit`, as the command line has them. */
export interface AuditOptions extends FilterOptions {
  readonly totals?: boolean;
  readonly verify?: boolean;
  readonly json?: boolean;
}

/** `shardchart audit`: shows the records of audit logs to people or as JSON lines, or with `--verify` replays them. */
export async function audit(files: readonly string[], options: AuditOptions): Promise<number> {
  if (options.verify === true) refuseWithVerify(options);
  const filter = parseFilter(options, Date.now());
  const reader = new AbortController();
  onceUnread(process.stdout, () => reader.abort());
  onceUnread(process.stderr, () => {});
  try {
    if (options.verify === true) return await verifyAll(files, options);
    await show(await inOrder(files), filter, options, reader.signal);
    return ExitCode.Fine;
  } catch (error) {
    // The reader of the pipe has gone, as with `| head`.
    if (reader.signal.aborted) return ExitCode.Fine;
    if (error instanceof AuditError) throw new UsageError(error.message);
    throw error;
  }
}

/** Verifying needs every record: a filtered log cannot be replayed. */
function refuseWithVerify(options: AuditOptions): void {
  const given = (['shard', 'since', 'until', 'state', 'totals'] as const).filter((name) => options[name] !== undefined);
  if (given.length === 0) return;
  const names = given.map((name) => `--${name}`).join(', ');
  throw new UsageError(`--verify replays whole files and cannot be used with ${names}. Leave one of them out.`);
}

async function verifyAll(files: readonly string[], { json }: AuditOptions): Promise<number> {
  const verdict = await verify(files);
  if (json === true) writeJson(process.stdout, plain(verdict));
  else reportVerdict(createOutput(process.stdout), verdict);
  return verdict.ok ? ExitCode.Fine : ExitCode.Failed;
}

/** Flattens a verdict into the one object that `--json` prints. */
function plain(verdict: Verdict): object {
  if (verdict.ok) return verdict;
  const { file, line, divergence } = verdict;
  return { ...divergence, file, line };
}

/** Error for files that have lines, and no record among them. */
const notALog = ({ file, line, reason }: SkippedLine): UsageError =>
  new UsageError(
    `${file} is not an audit log: line ${line}: ${reason}. Give a file that run --audit, demo --audit or ` +
      'createAuditLog({ file }) has written.',
  );

/** Reads the log once and keeps no record: a log may be larger than the memory. */
async function show(
  files: readonly string[],
  filter: Filter,
  options: AuditOptions,
  unread: AbortSignal,
): Promise<void> {
  const isJson = options.json === true;
  const output = createOutput(process.stdout);
  const clock = new WallClock(options.utc === true);
  const timeline = new Timeline(output, filter, clock);
  const totals = new TotalsCounter(filter);
  const reader = readAuditLog(files);
  const warnOfVersion = createVersionWarning();
  let read = 0;
  for await (const record of reader) {
    if (unread.aborted) return;
    read += 1;
    warnOfVersion(record);
    totals.add(record);
    if (options.totals === true) continue;
    if (!isJson) timeline.add(record);
    else if (matches(filter, record)) writeJson(process.stdout, record);
    if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain', { signal: unread });
  }
  if (read === 0 && reader.skipped[0] !== undefined) throw notALog(reader.skipped[0]);
  warnOfSkipped(reader);
  const sums = totals.finish(Date.now());
  if (isJson) return writeJson(process.stdout, { totals: sums });
  if (sums.records === 0)
    warn(read === 0 ? 'the log has no records yet' : `the filters match none of the ${read} records`);
  if (sums.from !== null) {
    if (sums.records > 0 && options.totals !== true) output.line();
    reportTotals(output, sums, { states: filter.states, clock });
  }
  // A shard that stays Connected writes no record for days, so the time after the last record is missing.
  if (sums.isOpen && sums.lastRecordAt !== null && filter.until === Infinity) {
    const last = `${clock.date(sums.lastRecordAt)} ${clock.time(sums.lastRecordAt)}`;
    warn(`time after the last record, ${last}, is not counted; add --until now for a bot that still runs`);
  }
}
