import { hasIntent } from '../../protocol/intents.js';
import { Opcode } from '../../protocol/opcodes.js';
import { isRecord } from '../../util/predicates.js';
import type { Gateway } from '../gateway.js';
import { answersTo, hasEmptyQuery, type RequestAnswer, rateLimited } from './answersTo.js';
import type { Connection } from './connection.js';
import { dispatchPayload } from './dispatchPayload.js';
import type { Session } from './session.js';

/** Sends the dispatches that answer a request of a client, unless a rule or a fault takes their place. */
export function answerRequest(gateway: Gateway, connection: Connection, op: number, d: unknown): void {
  const { session } = connection;
  if (session === null || lacksIntent(connection, session, op, d)) return;
  connection.answer('request', (fault) => {
    const answers =
      fault !== null && 'rateLimit' in fault
        ? [rateLimited(op, d, fault.rateLimit)]
        : (limitOnMembers(gateway, connection, op, d) ?? answersTo(op, d, session, gateway.options));
    for (const { t, d: data } of answers) session.dispatch(dispatchPayload(t, data));
  });
}

/** Records a request that Discord never answers, because the session lacks an intent. */
function lacksIntent(connection: Connection, { intents }: Session, op: number, d: unknown): boolean {
  if (op !== Opcode.RequestGuildMembers || !isRecord(d)) return false;
  const missing =
    hasEmptyQuery(d) && !hasIntent(intents, 'GuildMembers')
      ? 'an empty query without the intent GuildMembers (1 << 1)'
      : d['presences'] === true && !hasIntent(intents, 'GuildPresences')
        ? 'presences without the intent GuildPresences (1 << 8)'
        : null;
  if (missing !== null) connection.violate('missing intent', `op ${op} has ${missing}: no answer comes`);
  return missing !== null;
}

/** RATE_LIMITED for all members of a guild within the window of the last such request; null for every other request. */
function limitOnMembers(gateway: Gateway, connection: Connection, op: number, d: unknown): RequestAnswer[] | null {
  if (op !== Opcode.RequestGuildMembers || !isRecord(d) || !hasEmptyQuery(d) || Number(d['limit'] ?? 0) !== 0)
    return null;
  const { now, guilds, membersWindow } = gateway.options;
  const guild = guilds.find(({ id }) => id === d['guild_id']);
  const waitMs = guild === undefined ? 0 : gateway.membersGate.take(guild.id, now());
  if (waitMs === 0) return null;
  connection.violate('over members limit', `all members of a guild were requested twice in ${membersWindow} ms`);
  return [rateLimited(op, d, waitMs / 1_000)];
}
