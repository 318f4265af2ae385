import type { SampleGuild, SimulatorOptions } from '../../../src/simulator/index.js';
import { until, type Rig } from '../rig.js';

export const members = Array.from({ length: 7 }, (_, n) => ({
  user: { id: String(100 + n), username: `user${n}` },
  roles: [],
}));

export const guild: SampleGuild = {
  id: '81384788765712384',
  name: 'Discord API',
  members,
  presences: [{ user: { id: '101' }, status: 'online' }],
  soundboard_sounds: [{ name: 'quack', sound_id: '1' }],
  channels: [{ id: '5', name: 'General', status: 'singing', voice_start_time: 7 }],
};
export const silent: SampleGuild = { id: '41771983423143937', name: 'Quiet' };

export const withGuilds: SimulatorOptions = { guilds: [guild, silent], chunkSize: 3 };
export const everyone = { guild_id: guild.id, query: '', limit: 0 };
/** The simulator has no such guild, and says nothing of it, as Discord does. */
export const unknown = { ...everyone, guild_id: '1' };

/** Whether the shard looks into dispatches of this name: in one that is no JSON it would find out. */
export async function parses(rig: Rig, name: string): Promise<boolean> {
  const { malformed } = rig.shard.stats;
  rig.simulator.sendText(`{"t":"${name}","s":1,"op":0,"d":{no}}`);
  let heard = false;
  const marker = `MARKER_${Math.random().toString(36).slice(2).toUpperCase()}` as 'MESSAGE_CREATE';
  rig.shard.once(marker, () => (heard = true));
  rig.simulator.dispatch(marker, {});
  await until(() => heard);
  return rig.shard.stats.malformed > malformed;
}

export const caught = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);
