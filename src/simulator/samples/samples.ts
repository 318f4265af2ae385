import type {
  APIGuildMember,
  APIUser,
  GatewayGuildCreateDispatchData,
  GatewayMessageCreateDispatchData,
} from 'discord-api-types/v10';
import { isRecord } from '../../util/predicates.js';
import type { SampleGuild } from '../options.js';
import type { ResolvedOptions } from '../resolveOptions.js';
import { botPayload, guildPayload, isLarge, memberPayload, messagePayload, userPayload } from './payloads.js';
import { Snowflakes } from './snowflakes.js';

/** Fields of a message that shall not have their defaults; of `author` and `member` too, only those given. */
export type MessageFields = Partial<Omit<GatewayMessageCreateDispatchData, 'author' | 'guild_id' | 'member'>> & {
  readonly author?: Partial<APIUser>;
  readonly member?: Partial<APIGuildMember>;
  /** Guild of the message; default the first of the option `guilds`. Null or undefined makes it a direct message. */
  readonly guild_id?: string | null | undefined;
};

/** Fields of a member that shall not have their defaults. */
export type MemberFields = Partial<Omit<APIGuildMember, 'user'>> & { readonly user?: Partial<APIUser> };

/** Makes users, members, guilds and messages with every field that Discord sends. */
export class Samples {
  /** Option `guilds`, filled in. */
  readonly guilds: readonly SampleGuild[];
  readonly #snowflakes: Snowflakes;
  readonly #bot: APIUser;
  /** Author of messages that name none, made with the first of them. */
  #author: APIUser | null = null;
  /** Channel of direct messages, made with the first of them. */
  #directChannelId: string | null = null;

  constructor({ now, user, guilds }: Pick<ResolvedOptions, 'guilds' | 'now' | 'user'>) {
    this.#snowflakes = new Snowflakes(now);
    this.#bot = botPayload(user);
    this.guilds = guilds.map((guild) => this.guild(guild) as unknown as SampleGuild);
  }

  snowflake(): string {
    return this.#snowflakes.next();
  }

  user(fields: Partial<APIUser> = {}): APIUser {
    const id = fields.id ?? this.snowflake();
    return { ...userPayload(id, `user_${id}`), ...fields };
  }

  member({ user, ...fields }: MemberFields = {}): APIGuildMember {
    return { ...memberPayload(this.user(user), this.snowflake()), ...fields };
  }

  guild(fields: Partial<SampleGuild> = {}): GatewayGuildCreateDispatchData {
    const id = fields.id ?? this.snowflake();
    const name = fields.name ?? `guild ${id}`;
    const member = memberPayload(this.#bot, id);
    const defaults = guildPayload(id, name, { channelId: this.snowflake(), member });
    const count = Array.isArray(fields['members']) ? fields['members'].length : 1;
    return { ...defaults, member_count: count, large: isLarge(count), ...fields };
  }

  message(fields: MessageFields = {}): GatewayMessageCreateDispatchData {
    const { author, member, guild_id: guildId = this.#guildIdFor(fields), ...rest } = fields;
    const id = fields.id ?? this.snowflake();
    const writer = author === undefined ? (this.#author ??= this.user({ username: 'somebody' })) : this.user(author);
    if (guildId === null) {
      const channelId = fields.channel_id ?? (this.#directChannelId ??= this.snowflake());
      return { ...messagePayload(id, channelId, writer), channel_type: 1, ...rest };
    }
    const { user: _, ...own } = memberPayload(writer, id);
    const channelId = fields.channel_id ?? this.#channelIdOf(guildId);
    return {
      ...messagePayload(id, channelId, writer),
      guild_id: guildId,
      member: { ...own, ...member },
      ...rest,
    };
  }

  /** Guild of a message that names none; null where `guild_id` was given as undefined, or there is no guild. */
  #guildIdFor(fields: MessageFields): string | null {
    return 'guild_id' in fields ? null : (this.guilds[0]?.id ?? null);
  }

  /** First channel of a guild that messages are written in. */
  #channelIdOf(guildId: string): string {
    const channels = this.guilds.find(({ id }) => id === guildId)?.['channels'];
    const texts = Array.isArray(channels) ? channels.filter(isRecord).filter(({ type }) => type === 0) : [];
    return typeof texts[0]?.['id'] === 'string' ? texts[0]['id'] : this.snowflake();
  }
}
