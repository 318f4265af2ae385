import { UsageError } from './exitCode.js';

/** The part of `process.env` that commands read. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * DISCORD_TOKEN, or null where it is not set. There is no option for it: other users of the machine can read arguments.
 *
 * @throws UsageError for a token in quotes, which some programs that read `.env` files leave around it.
 */
export function tokenFrom(env: Environment): string | null {
  const token = env['DISCORD_TOKEN']?.trim();
  if (token === undefined || token === '') return null;
  if (/^(["'`]).*\1$/.test(token)) {
    throw new UsageError(
      'DISCORD_TOKEN has quotes around it, which are no part of the token. Write it without them: DISCORD_TOKEN=…',
    );
  }
  return token;
}

/** The first gateway URL: SHARDCHART_GATEWAY_URL, or Discord's. */
export function gatewayUrlFrom(env: Environment): string {
  return env['SHARDCHART_GATEWAY_URL'] ?? 'wss://gateway.discord.gg';
}

/** The gateway's URL (`--url` wins over SHARDCHART_GATEWAY_URL) and the HTTP API's; null where not set. */
export function urlsFrom(env: Environment, url?: string): { readonly url: string | null; readonly api: string | null } {
  return { url: url ?? env['SHARDCHART_GATEWAY_URL'] ?? null, api: env['SHARDCHART_API_URL'] ?? null };
}
