import type { GatewayPresenceUpdateData } from 'discord-api-types/v10';
import type { ResolvedOptions } from './options.js';
import { MAX_PAYLOAD_BYTES } from './protocol/limits.js';
import { Opcode } from './protocol/opcodes.js';
import type { Session } from './protocol/session.js';

/**
 * The IDENTIFY payload. A presence that would make it longer than the gateway takes is left out: `fits` is false then.
 *
 * See [Discord Docs/Identify](https://docs.discord.com/developers/events/gateway-events#identify).
 */
export function identifyPayload(
  options: ResolvedOptions,
  presence: GatewayPresenceUpdateData | undefined,
): { text: string; fits: boolean } {
  const write = (shown: GatewayPresenceUpdateData | undefined) =>
    JSON.stringify({
      op: Opcode.Identify,
      d: {
        token: options.token,
        intents: options.intents,
        properties: options.properties ?? { os: process.platform, browser: 'shardchart', device: 'shardchart' },
        shard: [options.id, options.total],
        compress: options.compression === 'payload',
        ...(options.largeThreshold !== undefined && { large_threshold: options.largeThreshold }),
        ...(shown !== undefined && { presence: shown }),
      },
    });
  const text = write(presence);
  return Buffer.byteLength(text) <= MAX_PAYLOAD_BYTES ? { text, fits: true } : { text: write(undefined), fits: false };
}

/**
 * The RESUME payload.
 *
 * See [Discord Docs/Resume](https://docs.discord.com/developers/events/gateway-events#resume).
 */
export function resumePayload(token: string, { id, sequence }: Session): string {
  return JSON.stringify({ op: Opcode.Resume, d: { token, session_id: id, seq: sequence } });
}
