import type { IncomingMessage } from 'node:http';

/** Addresses of this machine's own, which no other machine reaches. */
export const LOOPBACK: ReadonlySet<unknown> = new Set(['127.0.0.1', '::1', 'localhost']);

const LOOPBACK_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i;

/** True for a request with more than one Host header, of which Node shows the first. */
export function hasManyHosts({ rawHeaders }: IncomingMessage): boolean {
  const names = rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === 'host');
  return names.length > 1;
}

/** Host header of a request if it is a loopback name; null otherwise: a foreign name can be made to lead to this machine. */
export function loopbackHost({ headers: { host = '' } }: IncomingMessage): string | null {
  return LOOPBACK_HOST.test(host) ? host.toLowerCase() : null;
}

/** True where the request comes from a page of this host, or from a program, which sends no Origin. */
export function isOwnOrigin({ headers: { origin } }: IncomingMessage, host: string): boolean {
  return origin === undefined || origin.toLowerCase() === `http://${host}`;
}

/** True for a request to a loopback name that comes from our own page or from a program. */
export function isFromHere(request: IncomingMessage): boolean {
  const host = loopbackHost(request);
  return host !== null && isOwnOrigin(request, host);
}
