import type { IncomingMessage } from 'node:http';

/** Addresses of this machine's own, which no other machine reaches. */
export const LOOPBACK: ReadonlySet<unknown> = new Set(['127.0.0.1', '::1', 'localhost']);

const LOOPBACK_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i;

/** The Host of a request where it is this machine's own name, whatever a foreign name was made to lead to; null otherwise. */
export function loopbackHost({ headers: { host = '' } }: IncomingMessage): string | null {
  return LOOPBACK_HOST.test(host) ? host.toLowerCase() : null;
}

/** Whether no other page than this host's own asks. Programs name none. */
export function isOwnOrigin({ headers: { origin } }: IncomingMessage, host: string): boolean {
  return origin === undefined || origin.toLowerCase() === `http://${host}`;
}

/** No name but this machine's own, and no page but ours. */
export function isFromHere(request: IncomingMessage): boolean {
  const host = loopbackHost(request);
  return host !== null && isOwnOrigin(request, host);
}
