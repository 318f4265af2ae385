/**
 * A strict local Discord gateway, to test a bot offline.
 *
 * @packageDocumentation
 */
export type { Compression } from './codec.js';
export { SimulatorError, type SimulatorErrorCode } from './error.js';
export type { FaultCalls } from './faultCalls.js';
export type * from './faults.js';
export type { SessionStartLimit } from './identifyGate.js';
export type { SampleGuild, SimulatorOptions } from './options.js';
export {
  type IdentifyRecord,
  type LogEntry,
  type RecordedFrame,
  REDACTED,
  type Rule,
  type Violation,
} from './records.js';
export type { SimulatedSession } from './session.js';
export type { SimulatedConnection } from './simulatedConnection.js';
export { createGatewaySimulator, type GatewaySimulator } from './simulator.js';
