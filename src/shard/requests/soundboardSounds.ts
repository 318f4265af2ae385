import type { APISoundboardSound } from 'discord-api-types/v10';
import { Opcode } from '../../protocol/opcodes.js';
import { isSnowflakes, refusePayload } from './checks.js';
import type { PendingRequests } from './pendingRequests.js';
import { ask, type RequestOptions } from './request.js';

/** The sounds of each guild, by its id. */
export type SoundboardSounds = ReadonlyMap<string, APISoundboardSound[]>;

/** Asks for the soundboards of guilds and resolves once each has answered. */
export async function requestSoundboardSounds(
  requests: PendingRequests,
  guildIds: readonly string[],
  options?: RequestOptions,
): Promise<SoundboardSounds> {
  refusePayload(
    'request for soundboard sounds',
    !isSnowflakes(guildIds) && 'it takes an array of one or more guild ids',
    guildIds,
  );
  const missing = new Set(guildIds);
  const sounds = new Map<string, APISoundboardSound[]>();
  return ask<SoundboardSounds>(
    requests,
    {
      op: Opcode.RequestSoundboardSounds,
      d: { guild_ids: [...missing] },
      listeners: ({ more, whole }) => ({
        SOUNDBOARD_SOUNDS({ guild_id: guildId, soundboard_sounds: its }) {
          if (!missing.delete(guildId)) return;
          sounds.set(guildId, its ?? []);
          if (missing.size === 0) whole(sounds);
          else more();
        },
      }),
      progress: () => `guilds ${[...missing].join(', ')} have not answered, as those the bot is not in`,
      isLimitedBy: (meta) => meta.guild_id === undefined || missing.has(meta.guild_id),
    },
    options,
  );
}
