import { MAX_PAYLOAD_BYTES } from '../../protocol/limits.js';
import { clientOpcodes, Opcode } from '../../protocol/opcodes.js';
import { isRecord, isWhole } from '../../util/predicates.js';
import type { Gateway } from '../gateway.js';
import { answerRequest } from './answerRequest.js';
import { isRequest } from './answersTo.js';
import { identify, resume } from './authenticate.js';
import { type ClientPayload, readClientPayload, redact } from './clientPayload.js';
import type { Connection } from './connection.js';
import { presenceFlaw } from './presenceFlaw.js';

/** Receives one message of a client: records it, checks it against the gateway's rules, and answers. */
export function receive(gateway: Gateway, connection: Connection, data: Buffer): void {
  if (!connection.open) return;
  const payload = readClientPayload(data);
  record(gateway, connection, payload, data.length);
  if (connection.silent) return;

  const { now } = gateway.options;
  if (data.length > MAX_PAYLOAD_BYTES) {
    connection.refuse({ rule: 'over 4096 bytes', code: 4002, detail: `the payload has ${data.length} bytes` });
  } else if (!connection.sends.hit(now())) {
    const detail = `more than ${gateway.options.sendLimit} payloads in ${gateway.options.sendWindow} ms`;
    connection.refuse({ rule: 'over send limit', code: 4008, detail });
  } else if (!payload.isValid) {
    connection.refuse({
      rule: 'decode error',
      code: 4002,
      detail: 'the payload is not a JSON object with an integer op',
    });
  } else if (payload.op === null || !clientOpcodes.has(payload.op)) {
    connection.refuse({ rule: 'unknown opcode', code: 4001, detail: `no client may send op ${payload.op}` });
  } else if (payload.op === Opcode.Heartbeat) onHeartbeat(connection, payload.d);
  else if (payload.op === Opcode.Identify) identify(gateway, connection, payload.d);
  else if (payload.op === Opcode.Resume) resume(gateway, connection, payload.d);
  else onCommand(gateway, connection, payload.op, payload.d);
}

function onHeartbeat(connection: Connection, d: unknown): void {
  if (d !== null && !isWhole(d)) {
    connection.refuse({
      rule: 'decode error',
      code: 4002,
      detail: 'the d of a heartbeat is neither a sequence nor null',
    });
    return;
  }
  connection.heartbeats.beat();
  const { session } = connection;
  if (d !== null && session !== null && d > session.sequence) {
    connection.violate(
      'heartbeat ahead of session',
      `the heartbeat has sequence ${d}, the session is at ${session.sequence}`,
    );
  }
  connection.answer('heartbeat', () => connection.send(Opcode.HeartbeatAck, null));
}

function onCommand(gateway: Gateway, connection: Connection, op: number, d: unknown): void {
  // A command may cross op 9 on its way: the client could not know yet.
  if (connection.phase === 'invalidated') return;
  if (connection.phase !== 'identified') {
    connection.refuse({ rule: 'not authenticated', code: 4003, detail: `op ${op} came before READY or RESUMED` });
  } else if (op === Opcode.PresenceUpdate) onPresence(gateway, connection, d);
  else if (isRequest(op)) answerRequest(gateway, connection, op, d);
}

function onPresence({ options }: Gateway, connection: Connection, d: unknown): void {
  const flaw = presenceFlaw(d);
  if (flaw !== null) {
    connection.refuse({ rule: 'decode error', code: 4002, detail: flaw });
  } else if (!connection.presences.hit(options.now())) {
    const { presenceLimit, presenceWindow } = options;
    connection.violate('over presence limit', `more than ${presenceLimit} presence updates in ${presenceWindow} ms`);
  }
}

function record(gateway: Gateway, connection: Connection, payload: ClientPayload, bytes: number): void {
  const { recorder, options } = gateway;
  if (!recorder.needsFrames) return;
  const { op, t, s, d } = payload;
  const named = shardIdOf(gateway, payload);
  const shardId = named === undefined ? connection.shardId : named;
  const at = options.now();
  recorder.addFrame({ at, connection: connection.id, shardId, direction: 'client', op, t, s, d: redact(op, d), bytes });
}

/** Shard that an IDENTIFY or a RESUME names; undefined where the payload is another. */
function shardIdOf({ sessions }: Gateway, { op, d }: ClientPayload): number | null | undefined {
  if (!isRecord(d)) return undefined;
  const { shard, session_id: sessionId } = d;
  if (op === Opcode.Identify && Array.isArray(shard) && isWhole(shard[0])) return shard[0];
  if (op === Opcode.Resume && typeof sessionId === 'string') return sessions.get(sessionId)?.shardId ?? null;
  return undefined;
}
