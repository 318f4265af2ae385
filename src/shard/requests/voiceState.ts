import type {
  GatewayVoiceServerUpdateDispatchData,
  GatewayVoiceStateUpdateData,
  GatewayVoiceStateUpdateDispatchData,
} from 'discord-api-types/v10';
import { Opcode } from '../../protocol/opcodes.js';
import { isSnowflake } from '../../protocol/sharding.js';
import { refusePayload } from './checks.js';
import type { PendingRequests } from './pendingRequests.js';
import { ask, type RequestOptions } from './request.js';

/** Options of `updateVoiceState`. */
export interface VoiceStateOptions<Server extends boolean = boolean> extends RequestOptions {
  /** Wait for VOICE_SERVER_UPDATE as well, which comes when the bot joins. Default false. */
  server?: Server;
}

/** What the gateway answers when the bot's voice state was changed. */
export interface VoiceStateAnswer<Server extends boolean = boolean> {
  /** The bot's own VOICE_STATE_UPDATE. */
  readonly state: GatewayVoiceStateUpdateDispatchData;
  /** The guild's VOICE_SERVER_UPDATE with an endpoint, where it was asked for. */
  readonly server: Server extends true ? GatewayVoiceServerUpdateDispatchData : null;
}

/** Joins, moves, mutes or leaves, and resolves once the gateway says that it is so. */
export async function updateVoiceState<Server extends boolean = false>(
  requests: PendingRequests,
  update: GatewayVoiceStateUpdateData,
  { server: wantsServer, ...options }: VoiceStateOptions<Server> = {},
): Promise<VoiceStateAnswer<Server>> {
  checkUpdate(update, wantsServer === true);
  let state: GatewayVoiceStateUpdateDispatchData | null = null;
  let server: GatewayVoiceServerUpdateDispatchData | null = null;
  return ask<VoiceStateAnswer<Server>>(
    requests,
    {
      op: Opcode.VoiceStateUpdate,
      d: update,
      listeners(answer) {
        const took = () => {
          if (state === null || (wantsServer === true && server === null)) answer.more();
          else answer.whole({ state, server } as VoiceStateAnswer<Server>);
        };
        return {
          VOICE_STATE_UPDATE(data) {
            if (data.user_id !== requests.userId || !isAnswer(data, update)) return;
            state = data;
            took();
          },
          ...(wantsServer === true && {
            VOICE_SERVER_UPDATE(data) {
              // Without an endpoint the guild's server has gone away, and another update follows.
              if (data.guild_id !== update.guild_id || typeof data.endpoint !== 'string') return;
              server = data;
              took();
            },
          }),
        };
      },
      progress: () =>
        state !== null
          ? 'VOICE_STATE_UPDATE came, VOICE_SERVER_UPDATE did not'
          : 'no VOICE_STATE_UPDATE of the bot came, as when it may not join or lacks the intent GuildVoiceStates',
      isLimitedBy: (meta) => meta.guild_id === undefined || meta.guild_id === update.guild_id,
    },
    options,
  );
}

/** A state of another channel, or muted otherwise, was on its way before: it answers something else. */
function isAnswer(state: GatewayVoiceStateUpdateDispatchData, update: GatewayVoiceStateUpdateData): boolean {
  const { guild_id, channel_id, self_mute = update.self_mute, self_deaf = update.self_deaf } = state;
  return (
    guild_id === update.guild_id &&
    channel_id === update.channel_id &&
    self_mute === update.self_mute &&
    self_deaf === update.self_deaf
  );
}

function checkUpdate(update: GatewayVoiceStateUpdateData, wantsServer: boolean): void {
  const { guild_id, channel_id, self_mute, self_deaf } = (update ?? {}) as Partial<GatewayVoiceStateUpdateData>;
  refusePayload(
    'voice state',
    (!isSnowflake(guild_id) && 'guild_id must be a snowflake') ||
      (channel_id !== null && !isSnowflake(channel_id) && 'channel_id must be a snowflake, or null to leave') ||
      (typeof self_mute !== 'boolean' && 'self_mute must be a boolean') ||
      (typeof self_deaf !== 'boolean' && 'self_deaf must be a boolean') ||
      (channel_id === null && wantsServer && 'who leaves gets no voice server; leave out `server`'),
    update,
  );
}
