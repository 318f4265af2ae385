/** `process.env`, as far as a command reads it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** DISCORD_TOKEN, or null where it is not set. It is never taken from the arguments: everybody on the machine can read those. */
export function tokenFrom(env: Environment): string | null {
  const token = env['DISCORD_TOKEN']?.trim();
  return token === undefined || token === '' ? null : token;
}

/** The first gateway URL: SHARDCHART_GATEWAY_URL, or Discord's. */
export function gatewayUrl(env: Environment): string {
  return env['SHARDCHART_GATEWAY_URL'] ?? 'wss://gateway.discord.gg';
}

/** Where the gateway is and where its HTTP API, as far as anybody has said so; `url` is that of `--url`. */
export function givenUrls(
  env: Environment,
  url?: string,
): { readonly url: string | null; readonly api: string | null } {
  return { url: url ?? env['SHARDCHART_GATEWAY_URL'] ?? null, api: env['SHARDCHART_API_URL'] ?? null };
}
