/** The part of `process.env` that commands read. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * DISCORD_TOKEN, or null where it is not set. There is no option for it: other users of the machine can read arguments.
 */
export function tokenFrom(env: Environment): string | null {
  const token = env['DISCORD_TOKEN']?.trim();
  return token === undefined || token === '' ? null : token;
}

/** The first gateway URL: SHARDCHART_GATEWAY_URL, or Discord's. */
export function gatewayUrlFrom(env: Environment): string {
  return env['SHARDCHART_GATEWAY_URL'] ?? 'wss://gateway.discord.gg';
}

/** The gateway's URL (`--url` wins over SHARDCHART_GATEWAY_URL) and the HTTP API's; null where not set. */
export function urlsFrom(env: Environment, url?: string): { readonly url: string | null; readonly api: string | null } {
  return { url: url ?? env['SHARDCHART_GATEWAY_URL'] ?? null, api: env['SHARDCHART_API_URL'] ?? null };
}
