import type { GatewayChannelInfoDispatchData, GatewayRequestChannelInfoData } from 'discord-api-types/v10';
import { Opcode } from '../../protocol/opcodes.js';
import { isSnowflake } from '../../protocol/sharding.js';
import { refusePayload } from './checks.js';
import type { PendingRequests } from './pendingRequests.js';
import { ask, type RequestOptions } from './request.js';

/** Asks for what is known of a guild's voice channels and resolves with CHANNEL_INFO. */
export async function requestChannelInfo(
  requests: PendingRequests,
  request: GatewayRequestChannelInfoData,
  options?: RequestOptions,
): Promise<GatewayChannelInfoDispatchData> {
  const { guild_id, fields } = (request ?? {}) as Partial<GatewayRequestChannelInfoData>;
  refusePayload(
    'request for channel info',
    (!isSnowflake(guild_id) && 'guild_id must be a snowflake') ||
      (!(Array.isArray(fields) && fields.length > 0 && fields.every((field) => typeof field === 'string')) &&
        "fields must be an array such as ['status', 'voice_start_time']"),
    request,
  );
  return ask<GatewayChannelInfoDispatchData>(
    requests,
    {
      op: Opcode.RequestChannelInfo,
      d: request,
      listeners: ({ whole }) => ({
        CHANNEL_INFO(info) {
          if (info.guild_id === guild_id) whole(info);
        },
      }),
      progress: () => 'no CHANNEL_INFO of the guild came, as when the bot is not in it',
      isLimitedBy: (meta) => meta.guild_id === undefined || meta.guild_id === guild_id,
    },
    options,
  );
}
