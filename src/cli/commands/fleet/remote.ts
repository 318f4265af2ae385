import { setTimeout as sleep } from 'node:timers/promises';
import { FleetRemote } from '../../../fleet/fleetRemote.js';
import { CodedError } from '../../../util/errors.js';
import { messageOf } from '../../../util/messageOf.js';
import { ListenFailure } from '../../../util/localhost/localServer.js';
import { ExitCode, UsageError } from '../../exitCode.js';
import { onInterrupt } from '../../terminal/interrupt.js';
import { createOutput, isTerminal, writeJson } from '../../terminal/output.js';
import { createScreen } from '../../terminal/screen.js';
import { warn } from '../../terminal/warn.js';
import { drawFleet } from './drawFleet.js';
import { FleetServer } from './fleetServer.js';

/** Options that name a fleet. */
export interface FleetChoice {
  readonly redis: string;
  readonly name: string;
}

export interface StatusOptions extends FleetChoice {
  readonly watch?: boolean;
  readonly json?: boolean;
}

const WATCH_MS = 1_000;

/** `shardchart fleet status`: prints workers, shards and consumers; with `--watch` again each second until Ctrl+C. */
export async function fleetStatus({ redis, name, watch = false, json = false }: StatusOptions): Promise<number> {
  await using remote = await FleetRemote.open(redis, name, warn);
  const interrupt = onInterrupt();
  const screen = watch && !json && isTerminal(process.stdout) ? createScreen(process.stdout) : null;
  const output = createOutput(process.stdout);
  try {
    for (;;) {
      const status = await remote.status();
      if (json) writeJson(process.stdout, status);
      else if (screen !== null) screen.below(drawFleet(status, screen.colors));
      else for (const line of drawFleet(status, output.colors)) output.line(line);
      if (!watch || interrupt.isRequested) return ExitCode.Fine;
      await Promise.race([sleep(WATCH_MS), interrupt.requested]);
    }
  } catch (error) {
    return failed(error);
  } finally {
    screen?.end();
    interrupt.dispose();
  }
}

export interface PageOptions extends FleetChoice {
  readonly port?: number;
  readonly json?: boolean;
}

/** `shardchart fleet dashboard`: serves a page of the whole fleet on this machine until Ctrl+C. */
export async function fleetDashboard({ redis, name, port = 0, json = false }: PageOptions): Promise<number> {
  await using remote = await FleetRemote.open(redis, name, warn);
  const interrupt = onInterrupt();
  const server = new FleetServer({ port, status: () => remote.status(), warn });
  try {
    await server.listen();
  } catch (error) {
    interrupt.dispose();
    if (error instanceof ListenFailure) throw new UsageError(error.message);
    throw error;
  }
  if (json) writeJson(process.stdout, { dashboard: server.url });
  else createOutput(process.stdout).line(`the fleet at ${server.url}`);
  await interrupt.requested;
  await server.close();
  interrupt.dispose();
  return ExitCode.Fine;
}

/** `shardchart fleet drain WORKER`: makes a worker give its shards away, and waits for it. */
export const fleetDrain = (worker: string, choice: FleetChoice): Promise<number> =>
  command(choice, async (remote) => {
    await remote.drain(worker);
    return `${worker} has given its shards away, and stands by`;
  });

/** `shardchart fleet reshard N`: gives the fleet another number of shards, and waits for them. */
export const fleetReshard = (total: number, choice: FleetChoice): Promise<number> =>
  command(choice, async (remote) => {
    await remote.reshard(total);
    return `the fleet has ${total} shards now`;
  });

async function command({ redis, name }: FleetChoice, run: (remote: FleetRemote) => Promise<string>): Promise<number> {
  await using remote = await FleetRemote.open(redis, name, warn);
  try {
    createOutput(process.stdout).line(await run(remote));
    return ExitCode.Fine;
  } catch (error) {
    return failed(error);
  }
}

/** Wrong options are thrown on; a fleet that refuses is a failure. */
function failed(error: unknown): number {
  if (!(error instanceof CodedError) || error.code === 'INVALID_OPTION') throw error;
  warn(messageOf(error));
  return ExitCode.Failed;
}
