/**
 * Which way a shard goes after a close code. Data, one row a code; the chart reads it and nothing else decides.
 *
 * See [Discord Docs/Gateway Close Event Codes](https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes).
 */
export interface CloseCodeRow {
  /** Discord's name for it. */
  readonly name: string;
  /** `resume` always means: if there is a session, else identify. */
  readonly action: CloseAction;
  /** True where the next connection never comes at once, however stable this one was. */
  readonly backoff?: boolean;
  /** What went wrong and what the user does about it; on every fatal row. */
  readonly advice?: string;
}

export type CloseAction = 'resume' | 'identify' | 'fatal';

/** The code we close with when the session must survive: any but 1000 and 1001 keeps it for some minutes. */
export const RESUMABLE_CLOSE = 4_900;

export const closeCodes: Readonly<Record<number, CloseCodeRow>> = {
  1000: { name: 'normal closure', action: 'resume' },
  1001: { name: 'going away', action: 'resume' },
  1006: { name: 'connection lost', action: 'resume' },
  4000: { name: 'unknown error', action: 'resume' },
  4001: {
    name: 'unknown opcode',
    action: 'resume',
    advice: 'The gateway does not know an opcode that was sent, or its payload was not what the opcode takes.',
  },
  4002: { name: 'decode error', action: 'resume' },
  4003: {
    name: 'not authenticated',
    action: 'identify',
    advice: "Something was sent before IDENTIFY, or the application's intents were changed in the Developer Portal.",
  },
  4004: {
    name: 'authentication failed',
    action: 'fatal',
    advice:
      'The token is wrong or was reset. Copy a new one from the Bot page of the Developer Portal, without "Bot ".',
  },
  4005: { name: 'already authenticated', action: 'resume' },
  4007: { name: 'invalid seq', action: 'identify' },
  4008: { name: 'rate limited', action: 'resume', backoff: true },
  4009: { name: 'session timed out', action: 'identify' },
  4010: {
    name: 'invalid shard',
    action: 'fatal',
    advice:
      'The id must be below the total. The total of a large bot (over 150 000 guilds) must be a multiple of the number that Discord assigned. Shards of different totals may run side by side.',
  },
  4011: {
    name: 'sharding required',
    action: 'fatal',
    advice:
      'The bot is in too many guilds for this many shards. Ask GET /gateway/bot (fetchGatewayInfo) for the number, or pass total: "auto" to createShardManager; large bots take its multiples.',
  },
  4012: {
    name: 'invalid API version',
    action: 'fatal',
    advice: 'The gateway does not speak this version. Set `version` to one Discord still serves (10).',
  },
  4013: {
    name: 'invalid intents',
    action: 'fatal',
    advice: 'Build the intents from GatewayIntentBits.',
  },
  4014: {
    name: 'disallowed intents',
    action: 'fatal',
    advice:
      'Enable every privileged intent on the Bot page of the Developer Portal, or leave it out. From 10 000 users on Discord reviews them, and they are renewed each year.',
  },
};

const unknownRow: CloseCodeRow = { name: 'unknown code', action: 'resume' };

/** The row for any code at all: one that is not in the table resumes. */
export function closeCodeRow(code: number): CloseCodeRow {
  return closeCodes[code] ?? unknownRow;
}

/** Whether closing with this code, by us, ends the session and shows the bot offline. */
export function endsSession(code: number): boolean {
  return code === 1000 || code === 1001;
}
