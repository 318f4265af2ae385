import { createFleet, type Fleet } from '../../../fleet/fleet.js';
import type { Compression } from '../../../actors/inflate/createInflater.js';
import type { DispatchName } from '../../../shard/options.js';
import { openAuditLog } from '../audit/openAuditLog.js';
import { tokenFrom, urlsFrom } from '../../environment.js';
import { UsageError } from '../../exitCode.js';
import { parseIntents } from '../../parseIntents.js';
import { onInterrupt } from '../../terminal/interrupt.js';
import { writeJson } from '../../terminal/output.js';
import { exitCodeOf } from '../run/bot.js';
import { Report } from '../run/report.js';
import type { FleetChoice } from './remote.js';

/** Options of `shardchart fleet`, as the command line has them. */
export interface FleetWorkerOptions extends FleetChoice {
  readonly worker?: string;
  readonly capacity?: number;
  readonly publish?: boolean;
  readonly shards?: number | 'auto';
  readonly reserve?: number;
  readonly identifyWindow?: number;
  readonly intents: string;
  readonly url?: string;
  readonly compression: Compression;
  readonly events?: readonly DispatchName[];
  readonly json?: boolean;
  readonly audit?: string;
}

/**
 * `shardchart fleet`: runs a worker until interrupted, and gives its shards away then. Dispatches go to stdout as lines of
 * JSON where it is a pipe; what becomes of the shards goes to stderr.
 */
export async function fleetWorker(options: FleetWorkerOptions): Promise<number> {
  const token = tokenFrom(process.env);
  if (token === null) {
    throw new UsageError(
      'DISCORD_TOKEN is not set. Put the bot token into the environment: DISCORD_TOKEN=… shardchart fleet',
    );
  }
  const report = new Report({ isJson: options.json === true, startedAt: Date.now() });
  await using auditLog = openAuditLog(options.audit, report.logger.error);
  const fleet = create(token, options, report);
  listen(fleet, options, report);
  if (auditLog !== null) fleet.on('shard', (shard) => auditLog.attach(shard));
  const interrupt = onInterrupt(() => {});
  const failed = new Promise<unknown>((resolve) => {
    fleet.once('fatal', resolve);
    fleet.connect().then(() => report.log('warn', `${fleet.worker}: ${describeShare(fleet)}`), resolve);
  });
  const failure = await Promise.race([interrupt.requested, failed]);
  await fleet.shutdown();
  report.end();
  interrupt.dispose();
  const isLogged = options.json === true;
  return exitCodeOf(failure, (message) => report.log('error', `shardchart: ${message}`), { isLogged });
}

function create(token: string, options: FleetWorkerOptions, report: Report): Fleet {
  const {
    redis,
    name,
    worker,
    capacity,
    publish = false,
    shards,
    reserve,
    identifyWindow,
    compression,
    events,
  } = options;
  const { url, api } = urlsFrom(process.env, options.url);
  return createFleet({
    redis,
    name,
    token,
    intents: parseIntents(options.intents),
    publish,
    ...(worker !== undefined && { worker }),
    ...(capacity !== undefined && { capacity }),
    ...(shards !== undefined && { total: shards }),
    ...(reserve !== undefined && { reserve }),
    ...(identifyWindow !== undefined && { identifyWindow }),
    ...(api !== null && { api }),
    options: { agent: 'env', compression, ...(url !== null && { url }), ...(events !== undefined && { events }) },
    logger: report.logger,
  });
}

function listen(fleet: Fleet, { events }: FleetWorkerOptions, report: Report): void {
  fleet.on('transition', (record) => report.transition(record, fleet.shards.size));
  fleet.on('claimed', ({ resumable }, id) =>
    report.log('warn', `shard ${id} is run here now: it ${resumable ? 'resumes' : 'identifies'}`),
  );
  fleet.on('lost', ({ reason }, id) =>
    report.log(
      'warn',
      `shard ${id} is ${reason === 'given' ? 'given to another worker' : 'taken over by another worker'}`,
    ),
  );
  fleet.on('gap', ({ from, to }, id) =>
    report.log('warn', `shard ${id}: events ${from} to ${to} are in no stream: no RESUME has brought them`),
  );
  if (!report.hasDispatches) return;
  fleet.on('event', ({ t, s, d }, shard) => {
    if (events?.includes(t) ?? true) writeJson(process.stdout, { shard, t, s, d });
  });
}

const describeShare = ({ ids, total }: Fleet): string =>
  ids.length === 0 ? `stands by: other workers run all ${total} shards` : `runs ${ids.length} of ${total} shards`;
