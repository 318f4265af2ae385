import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import type { ResolvedOptions } from './options.js';
import { MAX_PAYLOAD_BYTES } from '../protocol/limits.js';
import { Opcode } from '../protocol/opcodes.js';
import type { Session } from '../protocol/session.js';
import { messageOf } from '../util/messageOf.js';

type IdentifyOptions = Pick<
  ResolvedOptions,
  'token' | 'intents' | 'properties' | 'id' | 'total' | 'compression' | 'largeThreshold'
>;

/**
 * The IDENTIFY payload.
 *
 * See [Discord Docs/Identify](https://docs.discord.com/developers/events/gateway-events#identify).
 * @throws TypeError if a part of it cannot be written as JSON.
 */
export function identifyPayload(options: IdentifyOptions, presence: GatewayPresenceUpdateData | undefined): string {
  return JSON.stringify({
    op: Opcode.Identify,
    d: {
      token: options.token,
      intents: options.intents,
      properties: options.properties ?? { os: process.platform, browser: 'shardchart', device: 'shardchart' },
      shard: [options.id, options.total],
      compress: options.compression === 'payload',
      ...(options.largeThreshold !== undefined && { large_threshold: options.largeThreshold }),
      ...(presence !== undefined && { presence }),
    },
  });
}

/** Whether the gateway takes a payload of this length. */
export function fits(text: string): boolean {
  return Buffer.byteLength(text) <= MAX_PAYLOAD_BYTES;
}

/** Why IDENTIFY cannot carry this presence, or null. */
export function flawOfPresence(options: IdentifyOptions, presence: GatewayPresenceUpdateData): string | null {
  try {
    return fits(identifyPayload(options, presence)) ? null : `over ${MAX_PAYLOAD_BYTES} bytes with it`;
  } catch (error) {
    return messageOf(error);
  }
}

/**
 * The RESUME payload.
 *
 * See [Discord Docs/Resume](https://docs.discord.com/developers/events/gateway-events#resume).
 */
export function resumePayload(token: string, { id, sequence }: Session): string {
  return JSON.stringify({ op: Opcode.Resume, d: { token, session_id: id, seq: sequence } });
}
