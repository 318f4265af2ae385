import { isRecord, isWhole } from '../../util/predicates.js';
import { type Gateway, RESUME_PATH } from '../gateway.js';
import type { Connection } from './connection.js';
import { dispatchPayload } from './dispatchPayload.js';
import { type Identity, readIdentify } from './readIdentify.js';
import { guildCreateData, guildsToCreate, readyData } from './readyPayload.js';
import type { Session } from './session.js';

/**
 * Handles IDENTIFY (op 2).
 *
 * See [Discord Docs/Identifying](https://docs.discord.com/developers/events/gateway#identifying).
 */
export function identify(gateway: Gateway, connection: Connection, d: unknown): void {
  if (refuseSecond(connection)) return;
  const read = readIdentify(d, gateway.options);
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
  connection.answer('identify', () => startSession(gateway, connection, identity));
}

/** Counts an IDENTIFY against the bot's limits. False where it is over one of them. */
function takeIdentify(gateway: Gateway, connection: Connection, { shardId, total }: Identity): boolean {
  const at = gateway.options.now();
  const outcome = gateway.identifyGate.take(shardId, at);
  const bucket = gateway.identifyGate.bucket(shardId);
  gateway.recorder.addIdentify({ at, connection: connection.id, shardId, total, bucket, outcome });
  if (outcome === 'accepted') return true;
  connection.violate(outcome, `shard ${shardId} of ${total} identifies in bucket ${bucket}`);
  return false;
}

function startSession(gateway: Gateway, connection: Connection, identity: Identity): void {
  const { sessions, options, url } = gateway;
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
  const data = readyData(session, Number(connection.query['v']), `${url}${RESUME_PATH}`, options);
  const payload = dispatchPayload('READY', data);
  connection.sendDispatch(payload, session.append(payload), 'ready', () => (connection.phase = 'identified'));
  for (const guild of guildsToCreate(session, options.guilds))
    session.dispatch(dispatchPayload('GUILD_CREATE', guildCreateData(guild, options)));
}

/**
 * Handles RESUME (op 6).
 *
 * See [Discord Docs/Resuming](https://docs.discord.com/developers/events/gateway#resuming).
 */
export function resume(gateway: Gateway, connection: Connection, d: unknown): void {
  if (refuseSecond(connection)) return;
  if (!isRecord(d) || typeof d['session_id'] !== 'string') {
    connection.refuse({ rule: 'decode error', code: 4002, detail: 'RESUME has no session_id' });
    return;
  }
  if (!gateway.options.acceptsToken(d['token'])) {
    connection.refuse({ rule: 'authentication failed', code: 4004, detail: 'RESUME has a wrong token' });
    return;
  }
  const { session_id: id, seq } = d;
  const session = gateway.sessions.get(id);
  connection.phase = 'authenticating';
  connection.sessionId = id;
  connection.session = session;
  connection.shardId = session?.shardId ?? null;
  if (!isWhole(seq) || (session !== null && seq > session.sequence)) {
    const detail =
      session === null
        ? 'seq is not a sequence'
        : `seq is not a sequence of the session, which is at ${session.sequence}`;
    connection.refuse({ rule: 'invalid sequence', code: 4007, detail });
    return;
  }
  connection.answer('resume', () => replay(connection, gateway.sessions.get(id), seq));
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
  // RESUMED takes no sequence and is not kept: a later replay would otherwise contain it.
  const payload = dispatchPayload('RESUMED', { _trace: [] });
  connection.sendDispatch(payload, session.sequence, 'resumed', () => (connection.phase = 'identified'));
}

/** Refuses a second IDENTIFY or RESUME with 4005. False where this one is the first, or follows op 9. */
function refuseSecond(connection: Connection): boolean {
  if (connection.phase === 'unidentified' || connection.phase === 'invalidated') return false;
  connection.refuse({
    rule: 'already authenticated',
    code: 4005,
    detail: 'a second IDENTIFY or RESUME came on the connection',
  });
  return true;
}
