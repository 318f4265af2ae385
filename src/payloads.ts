import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import type { ResolvedOptions } from './options.js';
import { MAX_PAYLOAD_BYTES } from './protocol/limits.js';
import { Opcode } from './protocol/opcodes.js';
import type { Session } from './protocol/session.js';

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

/** The IDENTIFY payload without a presence it cannot carry; `left` says why it was left out. */
export function identifyWithin(
  options: IdentifyOptions,
  presence: GatewayPresenceUpdateData | undefined,
): { text: string; left: string | null } {
  try {
    const text = identifyPayload(options, presence);
    if (fits(text)) return { text, left: null };
    return { text: identifyPayload(options, undefined), left: `over ${MAX_PAYLOAD_BYTES} bytes with it` };
  } catch (error) {
    return { text: identifyPayload(options, undefined), left: String(error) };
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
