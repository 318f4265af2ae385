// A bot that answers the slash command /ping. Start it with: DISCORD_TOKEN=… node slash-command.mjs
import { REST } from '@discordjs/rest';
import { Routes } from 'discord-api-types/v10';
import { createShard } from 'shardchart';

const token = process.env.DISCORD_TOKEN;
const rest = new REST().setToken(token);
const report = ({ message }) => console.error(`Discord did not take a request: ${message}`);
const shard = createShard({ token, intents: 0 }); // slash commands need no intent

shard.on('READY', ({ application }) => {
  const commands = [{ name: 'ping', description: 'Answers with pong' }];
  rest.put(Routes.applicationCommands(application.id), { body: commands }).catch(report);
});
shard.on('INTERACTION_CREATE', ({ id, token: ofInteraction, data }) => {
  if (data?.name !== 'ping') return;
  const body = { type: 4, data: { content: 'pong' } };
  rest.post(Routes.interactionCallback(id, ofInteraction), { body, auth: false }).catch(report);
});

process.once('SIGINT', () => shard.shutdown());
await shard.connect();
console.log('up; write /ping');
