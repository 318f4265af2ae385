import { MAX_PAYLOAD_BYTES } from '../../protocol/limits.js';
import { clientOpcodes, Opcode } from '../../protocol/opcodes.js';
import type { Connection } from './connection.js';
import { connectionActionOf } from '../faults/faultActions.js';
import type { AnswerOccasion, Fault } from '../faults/faults.js';
import { type Gateway, RESUME_PATH } from '../gateway.js';
import { type Identity, readIdentify } from './identity.js';
import { isRecord, isWhole } from '../../util/predicates.js';
import { type ClientPayload, readPayload, redact } from './payload.js';
import { guildsToCreate, readyData } from './readyPayload.js';
import { answersTo, isRequest, rateLimited } from './requests.js';
import type { DispatchPayload, Session } from './session.js';

/** Takes one message of a client's: records it, holds it against the rules, and answers. */
export function receive(gateway: Gateway, connection: Connection, data: Buffer): void {
  if (!connection.open) return;
  const payload = readPayload(data);
  record(gateway, connection, payload, data.length);
  if (connection.silent) return;

  const { now } = gateway.settings;
  if (data.length > MAX_PAYLOAD_BYTES) {
    connection.refuse({ rule: 'over 4096 bytes', code: 4002, detail: `${data.length} bytes` });
  } else if (!connection.sends.hit(now())) {
    const detail = `more than ${gateway.settings.sendLimit} in ${gateway.settings.sendWindow} ms`;
    connection.refuse({ rule: 'over send limit', code: 4008, detail });
  } else if (!payload.isValid) {
    connection.refuse({ rule: 'decode error', code: 4002, detail: 'not a JSON object with a whole op' });
  } else if (payload.op === null || !clientOpcodes.has(payload.op)) {
    connection.refuse({ rule: 'unknown opcode', code: 4001, detail: `op ${payload.op}` });
  } else if (payload.op === Opcode.Heartbeat) onHeartbeat(connection, payload.d);
  else if (payload.op === Opcode.Identify) onIdentify(gateway, connection, payload.d);
  else if (payload.op === Opcode.Resume) onResume(gateway, connection, payload.d);
  else onCommand(gateway, connection, payload.op, payload.d);
}

/** Keeps a dispatch in a session and sends it to the connection that holds it, if any. */
export function dispatchTo(session: Session, payload: DispatchPayload): void {
  const s = session.append(payload);
  session.holder?.sendDispatch(payload, s, 'dispatch');
}

/** @throws TypeError if `d` cannot be JSON. */
export function dispatchPayload(t: string, d: unknown): DispatchPayload {
  return { t, d, json: JSON.stringify(d) ?? 'null' };
}

function onHeartbeat(connection: Connection, d: unknown): void {
  if (d !== null && !isWhole(d)) {
    connection.refuse({ rule: 'decode error', code: 4002, detail: 'the d of a heartbeat is a sequence or null' });
    return;
  }
  connection.heartbeats.beat();
  const { session } = connection;
  if (d !== null && session !== null && d > session.sequence) {
    connection.violate('heartbeat ahead of session', `sequence ${d}, the session is at ${session.sequence}`);
  }
  answer(connection, 'heartbeat', () => connection.send(Opcode.HeartbeatAck, null));
}

function onIdentify(gateway: Gateway, connection: Connection, d: unknown): void {
  if (refuseSecond(connection)) return;
  const read = readIdentify(d, gateway.settings);
  if ('refusal' in read) {
    connection.refuse(read.refusal);
    return;
  }
  const { identity } = read;
  connection.phase = 'authenticating';
  connection.shardId = identity.shardId;
  if (!takeIdentify(gateway, connection, identity)) {
    connection.invalidate(false);
    return;
  }
  answer(connection, 'identify', () => welcome(gateway, connection, identity));
}

/** Holds an IDENTIFY against the limits of the bot. */
function takeIdentify(gateway: Gateway, connection: Connection, { shardId, total }: Identity): boolean {
  const at = gateway.settings.now();
  const outcome = gateway.identifyGate.take(shardId, at);
  const bucket = gateway.identifyGate.bucket(shardId);
  gateway.recorder.identifies.push({ at, connection: connection.id, shardId, total, bucket, outcome });
  if (outcome === 'accepted') return true;
  connection.violate(outcome, `shard ${shardId} of ${total}, bucket ${bucket}`);
  return false;
}

function welcome(gateway: Gateway, connection: Connection, identity: Identity): void {
  const { sessions, settings, url } = gateway;
  const rival = sessions
    .ofShard(identity.shardId)
    .find(({ total, holder }) => total === identity.total && holder !== null);
  if (rival !== undefined) {
    connection.violate(
      'second session for shard',
      `connection ${rival.connection} is still open for shard ${identity.shardId}`,
    );
  }
  const session = sessions.create(identity);
  connection.hold(session);
  const data = readyData(session, Number(connection.query['v']), `${url}${RESUME_PATH}`, settings);
  const payload = dispatchPayload('READY', data);
  connection.sendDispatch(payload, session.append(payload), 'ready', () => (connection.phase = 'identified'));
  for (const guild of guildsToCreate(session, settings.guilds))
    dispatchTo(session, dispatchPayload('GUILD_CREATE', { unavailable: false, ...guild }));
}

function onResume(gateway: Gateway, connection: Connection, d: unknown): void {
  if (refuseSecond(connection)) return;
  if (!isRecord(d) || typeof d['session_id'] !== 'string') {
    connection.refuse({ rule: 'decode error', code: 4002, detail: 'RESUME without a session_id' });
    return;
  }
  if (!gateway.settings.acceptsToken(d['token'])) {
    connection.refuse({ rule: 'authentication failed', code: 4004, detail: 'RESUME with a wrong token' });
    return;
  }
  const { session_id: id, seq } = d;
  const session = gateway.sessions.get(id);
  connection.phase = 'authenticating';
  connection.sessionId = id;
  connection.session = session;
  connection.shardId = session?.shardId ?? null;
  if (!isWhole(seq) || (session !== null && seq > session.sequence)) {
    const detail = `seq is no sequence of the session, which is at ${session?.sequence ?? 'its end'}`;
    connection.refuse({ rule: 'invalid sequence', code: 4007, detail });
    return;
  }
  answer(connection, 'resume', () => replay(connection, gateway.sessions.get(id), seq));
}

function replay(connection: Connection, session: Session | null, seq: number): void {
  if (session === null || !session.canReplay(seq)) {
    connection.invalidate(false);
    return;
  }
  const { holder } = session;
  if (holder !== null) {
    connection.violate('second socket for session', `connection ${holder.id} still holds the session`);
    holder.yieldSession();
  }
  connection.hold(session);
  let s = seq;
  for (const payload of session.missedSince(seq)) connection.sendDispatch(payload, ++s, 'replay');
  // RESUMED takes no number of its own: were it kept, a later replay would announce an end in its middle.
  const payload = dispatchPayload('RESUMED', { _trace: [] });
  connection.sendDispatch(payload, session.sequence, 'resumed', () => (connection.phase = 'identified'));
}

function onCommand(gateway: Gateway, connection: Connection, op: number, d: unknown): void {
  // A command that crossed op 9 on its way is no mistake of the client's.
  if (connection.phase === 'invalidated') return;
  if (connection.phase !== 'identified') {
    connection.refuse({ rule: 'not authenticated', code: 4003, detail: `op ${op} before READY or RESUMED` });
  } else if (op === Opcode.PresenceUpdate && !connection.presences.hit(gateway.settings.now())) {
    const { presenceLimit, presenceWindow } = gateway.settings;
    connection.violate('over presence limit', `more than ${presenceLimit} in ${presenceWindow} ms`);
  } else if (isRequest(op)) {
    const { session } = connection;
    answer(connection, 'request', (fault) => {
      if (session === null) return;
      const answers =
        fault !== null && 'rateLimit' in fault
          ? [rateLimited(op, d, fault.rateLimit)]
          : answersTo(op, d, session, gateway.settings);
      for (const { t, d: data } of answers) dispatchTo(session, dispatchPayload(t, data));
    });
  }
}

function refuseSecond(connection: Connection): boolean {
  if (connection.phase === 'unidentified' || connection.phase === 'invalidated') return false;
  connection.refuse({ rule: 'already authenticated', code: 4005, detail: 'a second IDENTIFY or RESUME' });
  return true;
}

/** Answers the client, unless a fault does something else. */
function answer(connection: Connection, occasion: AnswerOccasion, reply: (fault: Fault | null) => void): void {
  const fault = connection.takeFault(occasion);
  if (fault === null) reply(null);
  else if (!('skip' in fault)) {
    const action = connectionActionOf(fault);
    connection.later(fault.delay ?? 0, () => (action === null ? reply(fault) : connection.perform(action)));
  }
}

function record(gateway: Gateway, connection: Connection, { op, t, s, d }: ClientPayload, bytes: number): void {
  const { recorder, sessions, settings } = gateway;
  if (!recorder.wantsFrames) return;
  let { shardId } = connection;
  if (op === Opcode.Identify && isRecord(d) && Array.isArray(d['shard']) && isWhole(d['shard'][0]))
    shardId = d['shard'][0];
  if (op === Opcode.Resume && isRecord(d) && typeof d['session_id'] === 'string') {
    shardId = sessions.get(d['session_id'])?.shardId ?? null;
  }
  const at = settings.now();
  recorder.frame({ at, connection: connection.id, shardId, direction: 'client', op, t, s, d: redact(op, d), bytes });
}
