/** What every gateway URL of one shard asks for; a resume asks for the same as the connection it resumes. */
export interface GatewayQuery {
  readonly version: number;
  readonly encoding: 'json';
  readonly compress: 'zlib-stream' | 'zstd-stream' | null;
}

/** Whether this is an address a WebSocket can be opened at. */
export function isGatewayUrl(value: unknown): value is string {
  return typeof value === 'string' && /^wss?:\/\//.test(value) && URL.canParse(value);
}

/**
 * A gateway URL with its query string.
 *
 * See [Discord Docs/Connecting](https://docs.discord.com/developers/events/gateway#connecting).
 * @throws TypeError if `base` is not a URL.
 */
export function gatewayUrl(base: string, query: GatewayQuery): string {
  const url = new URL(base);
  url.searchParams.set('v', String(query.version));
  url.searchParams.set('encoding', query.encoding);
  if (query.compress === null) url.searchParams.delete('compress');
  else url.searchParams.set('compress', query.compress);
  return url.href;
}
