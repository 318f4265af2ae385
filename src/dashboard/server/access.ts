import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isOwnOrigin, loopbackHost } from '../../util/localhost/loopback.js';

/** What becomes of a request: it passes, is refused, or is led to the page with the token in a cookie. */
export type Verdict =
  | { readonly kind: 'pass' }
  | { readonly kind: 'refuse'; readonly status: 401 | 403 | 421; readonly error: string }
  | { readonly kind: 'enter'; readonly cookie: string };

const pass: Verdict = { kind: 'pass' };
const refuse = (status: 401 | 403 | 421, error: string): Verdict => ({ kind: 'refuse', status, error });

const foreignPage = refuse(403, 'Only the own page of this dashboard may ask.');

/** Who may ask. */
export class Access {
  readonly #token: Buffer | null;
  readonly #isLoopback: boolean;

  /** A dashboard that only this machine reaches and that has no token answers whoever calls it by this machine's own name. */
  constructor({ token, isLoopback }: { readonly token: string | null; readonly isLoopback: boolean }) {
    this.#token = token === null ? null : digest(token);
    this.#isLoopback = isLoopback;
  }

  judge(request: IncomingMessage): Verdict {
    const host = this.#isLoopback ? loopbackHost(request) : (request.headers.host?.toLowerCase() ?? '');
    if (host === null) return refuse(421, 'This dashboard is called 127.0.0.1 or localhost: open it by that name.');
    // Behind a proxy the page may have come by https, which this server cannot know.
    if (!isOwnOrigin(request, host) && (this.#isLoopback || request.headers.origin !== `https://${host}`)) {
      return foreignPage;
    }
    if (isOfAnotherSite(request)) return foreignPage;
    return this.#token === null ? pass : this.#judgeToken(request, this.#token);
  }

  #judgeToken(request: IncomingMessage, token: Buffer): Verdict {
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
      'This dashboard has a token. Open the whole address it told, `/?token=…`, or send `Authorization: Bearer …`.',
    );
  }
}

/**
 * Whether the browser says that a page of somebody else's asks, as an image or a script for which it names no origin. To
 * follow a link to our page is nobody's harm.
 */
function isOfAnotherSite({ headers, url = '' }: IncomingMessage): boolean {
  const { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest } = headers;
  if (site !== 'cross-site' && site !== 'same-site') return false;
  return !(mode === 'navigate' && dest === 'document' && /^\/(\?|$)/.test(url));
}

/** Cookies do not know ports: two dashboards of one machine must not take each other's away. */
const cookieName = ({ socket }: IncomingMessage) => `shardchart-${socket.localPort}`;

const digest = (text: string) => createHash('sha256').update(text).digest();

/** How long it takes says nothing of where they differ. */
const isSame = (text: string, token: Buffer) => timingSafeEqual(digest(text), token);
