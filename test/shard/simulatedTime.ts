import { setImmediate as turn } from 'node:timers/promises';
import { onTestFinished, vi } from 'vitest';
import { createGatewaySimulator } from '../../src/simulator/index.js';
import type { GatewaySimulator, SimulatorOptions } from '../../src/simulator/index.js';

/** Turns of the event loop without a frame or a connection after which nothing is under way between two ends in one process. */
const QUIET_TURNS = 16;

/**
 * A simulator and whatever shards connect to it, on a clock that only the test moves. The sockets between them are real: each
 * step lets all that is under way arrive before the next one.
 */
export async function simulateTime(options: SimulatorOptions) {
  vi.useFakeTimers({
    now: 1_796_000_000_000,
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
  });
  onTestFinished(() => void vi.useRealTimers());
  const simulator = await createGatewaySimulator({ record: false, ...options });
  onTestFinished(() => simulator.close());
  let frames = 0;
  simulator.onFrame(() => (frames += 1));
  const activity = () => frames + simulator.connections.length;

  const settle = async () => {
    for (let quiet = 0, before = activity(); quiet < QUIET_TURNS; quiet += 1) {
      await turn();
      const now = activity();
      if (now !== before) quiet = 0;
      before = now;
    }
  };
  /** Moves the clock on, in steps of so many milliseconds. */
  const pass = async (ms: number, stepMs: number, until = () => false) => {
    await settle();
    for (let passed = 0; passed < ms && !until(); passed += stepMs) {
      vi.advanceTimersByTime(Math.min(stepMs, ms - passed));
      await settle();
    }
  };
  return { simulator, pass, settle };
}

/** The most of these times within 24 hours. */
export function mostInADay(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  let most = 0;
  for (let first = 0, last = 0; last < sorted.length; last += 1) {
    while ((sorted[last] as number) - (sorted[first] as number) >= 86_400_000) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

/** Closes with this code right after each acknowledgement of a heartbeat, as a gateway that loses its sessions. */
export function closeAfterAck(simulator: GatewaySimulator, code: number): void {
  simulator.onFrame(({ direction, op, connection }) => {
    if (direction !== 'gateway' || op !== 11) return;
    // The ack is on its way; the close frame follows it.
    setImmediate(() => {
      const acked = simulator.connections[connection - 1];
      if (typeof acked?.sessionId === 'string') acked.closeWith(code);
    });
  });
}
