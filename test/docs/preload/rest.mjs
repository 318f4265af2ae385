import { REST as Client } from '@discordjs/rest';

export * from '@discordjs/rest';

/** REST client whose requests go to the test's API. */
export class REST extends Client {
  constructor(options) {
    super({ api: process.env.EXAMPLE_API.replace(/\/v10$/, ''), ...options });
  }
}
