import { Client as DiscordClient } from 'discord.js';

export * from 'discord.js';

const { EXAMPLE_API = '' } = process.env;

/** Client whose requests go to the test's API, unless it has one. */
export class Client extends DiscordClient {
  constructor(options) {
    super({ rest: { api: EXAMPLE_API.replace(/\/v10$/, '') }, ...options });
  }
}
