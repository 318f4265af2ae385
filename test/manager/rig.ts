import { expect } from 'vitest';
import { createShardManager, type ShardManager, type ShardManagerOptions } from '../../src/index.js';
import type { GatewaySimulator, Rule, SimulatorOptions } from '../../src/simulator/index.js';
import { settled, simulate, TOKEN } from '../shard/rig.js';

export const INTENTS = 513;
/** Identify window of the managers: longer than the simulator's, so that a slow machine breaks no rule. */
export const WINDOW = 120;

export interface ManagerRig {
  readonly simulator: GatewaySimulator;
  readonly manager: ShardManager;
  /** Log lines by level. */
  readonly lines: Record<'debug' | 'info' | 'warn' | 'error', string[]>;
}

export interface ManagerScenario {
  simulator?: SimulatorOptions;
  manager?: Partial<ShardManagerOptions>;
  /** Rules the scenario is about; every other violation fails it. */
  breaks?: readonly Rule[];
}

export const recordingLogger = () => {
  const lines: ManagerRig['lines'] = { debug: [], info: [], warn: [], error: [] };
  const logger = {
    debug: (line: string) => void lines.debug.push(line),
    info: (line: string) => void lines.info.push(line),
    warn: (line: string) => void lines.warn.push(line),
    error: (line: string) => void lines.error.push(line),
  };
  return { lines, logger };
};

/** A manager with short limits, connected to that simulator's API and gateway. */
export function managerOn(simulator: GatewaySimulator, options: Partial<ShardManagerOptions> = {}): ShardManager {
  return createShardManager({
    token: TOKEN,
    intents: INTENTS,
    api: simulator.apiUrl,
    identifyWindow: WINDOW,
    logger: recordingLogger().logger,
    ...options,
    options: {
      backoff: { initial: 20, max: 100 },
      timeouts: { handshake: 5_000, hello: 5_000, ready: 5_000, resumed: 5_000, close: 200 },
      ...options.options,
    },
  });
}

/**
 * Runs a test's body with a simulator and a manager of its own. After it no rule of the gateway was broken, no connection is
 * open, and no log line, status, context or option has the token.
 */
export function managed(options: ManagerScenario, body: (rig: ManagerRig) => Promise<void>): () => Promise<void> {
  return async () => {
    const simulator = await simulate(options.simulator);
    const { lines, logger } = recordingLogger();
    const manager = managerOn(simulator, { logger, ...options.manager });
    try {
      await body({ simulator, manager, lines });
      await manager.shutdown();
      await settled(simulator);
      const { breaks = [] } = options;
      expect(simulator.violations.filter(({ rule }) => !breaks.includes(rule))).toEqual([]);
      const said = JSON.stringify([lines, manager.status(), manager.actor.getSnapshot().context, manager.options]);
      expect(said).not.toContain(TOKEN);
    } finally {
      await manager.shutdown();
      await simulator.close();
    }
  };
}

/** Ids of guilds: `each` for every shard of this total. */
export function guildsOf(total: number, each = 1): string[] {
  return Array.from({ length: total * each }, (_, n) => String((BigInt(n) << 22n) + 1n));
}
