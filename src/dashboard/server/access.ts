import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isOwnOrigin, loopbackHost } from '../../util/localhost/loopback.js';

/** Verdict on a request: it passes, is refused, or is redirected to the page with the token in a cookie. */
export type AccessVerdict =
  | { readonly kind: 'pass' }
  | { readonly kind: 'refuse'; readonly status: 401 | 403 | 421; readonly error: string }
  | { readonly kind: 'enter'; readonly cookie: string };

const pass: AccessVerdict = { kind: 'pass' };
const refuse = (status: 401 | 403 | 421, error: string): AccessVerdict => ({ kind: 'refuse', status, error });

const foreignPage = refuse(403, "Only this dashboard's own page may send requests. Open the dashboard itself.");

/** Checks who may send requests. */
export class Access {
  readonly #token: Buffer | null;
  readonly #isLoopback: boolean;

  /** Without a token, and on a loopback address, requests must name this machine in their Host header. */
  constructor({ token, isLoopback }: { readonly token: string | null; readonly isLoopback: boolean }) {
    this.#token = token === null ? null : digest(token);
    this.#isLoopback = isLoopback;
  }

  judge(request: IncomingMessage): AccessVerdict {
    const host = this.#isLoopback ? loopbackHost(request) : (request.headers.host?.toLowerCase() ?? '');
    if (host === null)
      return refuse(421, 'This dashboard answers only as 127.0.0.1 or localhost. Open it by one of these names.');
    // A proxy may have served the page by https, which this server cannot know.
    if (!isOwnOrigin(request, host) && (this.#isLoopback || request.headers.origin !== `https://${host}`)) {
      return foreignPage;
    }
    if (isOfAnotherSite(request)) return foreignPage;
    return this.#token === null ? pass : this.#judgeToken(request, this.#token);
  }

  #judgeToken(request: IncomingMessage, token: Buffer): AccessVerdict {
    const { authorization = '', cookie = '' } = request.headers;
    const name = cookieName(request);
    const own = cookie
      .split(/;\s*/)
      .filter((pair) => pair.startsWith(`${name}=`))
      .map((pair) => pair.slice(name.length + 1));
    const isGet = request.method === 'GET' || request.method === 'HEAD';
    const asked = isGet ? /^\/\?token=([\w.~-]+)$/.exec(request.url ?? '')?.[1] : undefined;
    if (asked !== undefined && isSame(asked, token)) {
      return { kind: 'enter', cookie: `${name}=${asked}; HttpOnly; SameSite=Lax; Path=/` };
    }
    const bearer = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    const given = bearer === undefined ? own : [...own, bearer];
    if (given.some((text) => isSame(text, token))) return pass;
    return refuse(
      401,
      'This dashboard needs a token. Open its whole URL, which ends with `/?token=…`, or send `Authorization: Bearer …`.',
    );
  }
}

/**
 * True where the browser reports that another site sends the request, as for an image without an Origin header. A link
 * to the page itself is harmless.
 */
function isOfAnotherSite({ headers, url = '' }: IncomingMessage): boolean {
  const { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest } = headers;
  if (site !== 'cross-site' && site !== 'same-site') return false;
  return !(mode === 'navigate' && dest === 'document' && /^\/(\?|$)/.test(url));
}

/** Cookies ignore ports: the name keeps two dashboards on one machine apart. */
const cookieName = ({ socket }: IncomingMessage) => `shardchart-${socket.localPort}`;

const digest = (text: string) => createHash('sha256').update(text).digest();

/** Compares in constant time: the duration must not tell where the texts differ. */
const isSame = (text: string, token: Buffer) => timingSafeEqual(digest(text), token);
