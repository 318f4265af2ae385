/**
 * Strict local Discord gateway, to test a bot offline.
 *
 * @packageDocumentation
 */
export type { Compression } from './connection/codec.js';
export { SimulatorError, type SimulatorErrorCode } from './simulatorError.js';
export type { FaultCalls } from './faults/faultCalls.js';
export type * from './faults/faults.js';
export type { SessionStartLimit } from './connection/identifyGate.js';
export type { ApiAnswer, ApiRequest, ApiRoute } from './http/apiRoute.js';
export type { SampleGuild, SimulatorOptions } from './options.js';
export type { MemberFields, MessageFields } from './samples/samples.js';
export {
  type IdentifyRecord,
  type LogEntry,
  type RecordedFrame,
  REDACTED,
  type Rule,
  type Violation,
} from './records/records.js';
export type { SimulatedSession } from './connection/session.js';
export type { SimulatedConnection } from './connection/simulatedConnection.js';
export { createGatewaySimulator, type GatewaySimulator } from './simulator.js';
