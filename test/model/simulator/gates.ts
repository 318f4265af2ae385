import type { Fault, GatewaySimulator } from '../../../src/simulator/index.js';

/** Fault that holds back each answer of the gateway, by occasion. */
const holding = {
  upgrade: { at: 'upgrade', hang: true, times: Infinity },
  hello: { at: 'hello', skip: true, times: Infinity },
  identify: { at: 'identify', skip: true, times: Infinity },
  resume: { at: 'resume', skip: true, times: Infinity },
  heartbeat: { at: 'heartbeat', skip: true, times: Infinity },
  close: { at: 'close', skip: true, times: Infinity },
} as const satisfies Record<string, Fault>;

export type Gate = keyof typeof holding;

/** Keeps a simulator from answering by itself: each answer waits behind a gate. */
export class Gates {
  readonly #simulator: GatewaySimulator;
  readonly #shut = new Map<Gate, () => void>();

  constructor(simulator: GatewaySimulator) {
    this.#simulator = simulator;
    this.shut();
  }

  /** Lets these answers out until {@link shut}; with `fault`, it strikes the first of them. */
  open(gates: readonly Gate[], fault?: Fault): void {
    for (const gate of gates) {
      this.#shut.get(gate)?.();
      this.#shut.delete(gate);
    }
    if (fault !== undefined) this.#simulator.next(fault);
  }

  shut(): void {
    for (const [gate, fault] of Object.entries(holding) as [Gate, Fault][]) {
      if (!this.#shut.has(gate)) this.#shut.set(gate, this.#simulator.next(fault));
    }
  }
}
