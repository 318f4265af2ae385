import { REST } from '@discordjs/rest';
import { InteractionResponseType, InteractionType, Routes } from 'discord-api-types/v10';
import { createShard, type Shard } from 'shardchart';

export interface BotOptions {
  readonly token: string;
  /** Gateway of a simulator; Discord's where left out. */
  readonly url?: string;
  /** HTTP API of a simulator, without the version; Discord's where left out. */
  readonly api?: string;
}

/** Slash commands of the bot. They need no privileged intent. */
const commands = [{ name: 'ping', description: 'Answers with pong' }];

/** Prints the message alone: the error itself has the request's URL, which may have a token in it. */
const report = (error: Error) => console.error(`Discord did not take a request: ${error.message}`);

/** Makes a bot that answers the slash command /ping, and messages that say "!ping". */
export function createBot({ token, url, api }: BotOptions): Shard {
  const rest = new REST({ version: '10', ...(api && { api }) }).setToken(token);
  // MessageContent is a privileged intent: enable it on the Bot page of your application, or leave it out here and answer
  // slash commands only. Without it the content of most messages is empty.
  const shard = createShard({
    token,
    intents: ['Guilds', 'GuildMessages', 'MessageContent'],
    ...(url && { url }),
  });

  shard.on('READY', ({ application }) => {
    rest.put(Routes.applicationCommands(application.id), { body: commands }).catch(report);
  });
  shard.on('INTERACTION_CREATE', (interaction) => {
    if (interaction.type !== InteractionType.ApplicationCommand || interaction.data.name !== 'ping') return;
    const body = { type: InteractionResponseType.ChannelMessageWithSource, data: { content: 'pong' } };
    rest.post(Routes.interactionCallback(interaction.id, interaction.token), { body, auth: false }).catch(report);
  });
  shard.on('MESSAGE_CREATE', ({ author, channel_id: channelId, content }) => {
    if (author.bot || content !== '!ping') return;
    rest.post(Routes.channelMessages(channelId), { body: { content: 'pong' } }).catch(report);
  });
  return shard;
}
