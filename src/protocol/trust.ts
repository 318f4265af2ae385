import { isGatewayUrl } from './url.js';

/** Facts that decide whether a URL may get the bot's token. */
export interface Trust {
  /** The first URL: the user's, or that of GET /gateway/bot. */
  readonly firstUrl: string;
  /** Host names that the options give; each with its subdomains. */
  readonly trustedHosts: readonly string[];
}

/** A URL parser drops some of these without a word: the host would not be the one that is read. */
const HIDDEN = /[\p{Cc}\s\\]/u;

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

const IP_ADDRESS = /^(\[.*\]|[\d.]+)$/;

/**
 * Says why a RESUME, which carries the token, must not go to this URL; null where it may.
 *
 * Trusted are the first URL's own host, hosts of its registrable domain, this machine, and the hosts of `trustedHosts`. A
 * connection that began with TLS is resumed with TLS.
 */
export function distrustOf(url: string, { firstUrl, trustedHosts }: Trust): string | null {
  if (!isGatewayUrl(url) || HIDDEN.test(url)) return 'it is no ws:// or wss:// URL';
  const [first, other] = [new URL(firstUrl), new URL(url)];
  if (other.username !== '' || other.password !== '') return 'it has a user name or a password';
  if (first.protocol === 'wss:' && other.protocol === 'ws:') return 'it has no TLS, and the first URL has';
  const [firstHost, host] = [hostOf(first), hostOf(other)];
  const isTrusted =
    host === firstHost ||
    LOOPBACK.test(host) ||
    isOfDomain(host, registrableDomain(firstHost)) ||
    trustedHosts.some((trusted) => isOfDomain(host, trusted.toLowerCase()));
  return isTrusted ? null : `its host is neither of the domain of ${firstHost} nor in \`trustedHosts\``;
}

/** The host name without the dot of the root, which is the same host: `discord.gg.` must not make `gg.` a domain. */
const hostOf = ({ hostname }: URL) => hostname.replace(/\.$/, '');

const isOfDomain = (hostname: string, domain: string | null) =>
  domain !== null && (hostname === domain || hostname.endsWith(`.${domain}`));

/** The part of a host name that somebody registers; null for an IP address and for a name without a dot. */
function registrableDomain(hostname: string): string | null {
  if (IP_ADDRESS.test(hostname)) return null;
  const labels = hostname.split('.');
  const [second = '', top = ''] = labels.slice(-2);
  // co.uk, com.au: without a list of public suffixes a short name under a country's code counts as one.
  const size = top.length === 2 && second.length <= 3 ? 3 : 2;
  return labels.length < size ? null : labels.slice(-size).join('.');
}
