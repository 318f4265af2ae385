import { ShardError } from '../errors.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** The variable that is set, with its value: names in the order in which they are read; the small ones win, as curl has it. */
const read = (env: Environment, ...names: string[]) =>
  names
    .flatMap((name) => [name.toLowerCase(), name])
    .map((name) => [name, env[name] ?? ''] as const)
    .find(([, value]) => value !== '');

/**
 * The URL of a proxy in a variable. Its value is not shown, because it may have a password.
 * @throws ShardError `INVALID_OPTION`
 */
function proxyOf([name, value]: readonly [name: string, value: string]): URL {
  const text = /^[a-z][a-z\d+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && isDecodable(url.username) && isDecodable(url.password)) return url;
  const taken =
    'a URL such as http://user:password@host:port, in which other characters of the password are percent-encoded';
  throw new ShardError('INVALID_OPTION', `The environment variable ${name} must be ${taken}.`, { value: name });
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * Checks every variable that may name a proxy.
 * @throws ShardError `INVALID_OPTION`
 */
export function checkEnvProxies(env: Environment): void {
  for (const name of ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY']) {
    const found = read(env, name);
    if (found !== undefined) proxyOf(found);
  }
}

/**
 * The proxy that the environment names for this URL: HTTPS_PROXY for wss and https, HTTP_PROXY for ws and http, else
 * ALL_PROXY. Null where there is none, and where NO_PROXY names the host.
 *
 * NO_PROXY is a list with commas: `*`, a host with all its subdomains (`example.com`, `.example.com`, `*.example.com`), an
 * IP address, each with `:port` where only that port is meant.
 * @throws ShardError `INVALID_OPTION` where the variable is no URL
 */
export function envProxy(url: string, env: Environment): URL | null {
  const { protocol, hostname, port } = new URL(url);
  const isSecure = protocol === 'wss:' || protocol === 'https:';
  const proxy = read(env, isSecure ? 'HTTPS_PROXY' : 'HTTP_PROXY', 'ALL_PROXY');
  if (proxy === undefined) return null;
  const excluded = (read(env, 'NO_PROXY')?.[1] ?? '').split(/[\s,]+/).filter((entry) => entry !== '');
  const actualPort = port === '' ? (isSecure ? '443' : '80') : port;
  if (excluded.some((entry) => excludes(entry.toLowerCase(), bare(hostname), actualPort))) return null;
  return proxyOf(proxy);
}

/** An IPv6 address without its brackets; any other host name as it is. */
export const bare = (hostname: string) => hostname.replace(/^\[(.*)\]$/, '$1');

function excludes(entry: string, hostname: string, port: string): boolean {
  if (entry === '*') return true;
  const [, host = entry, itsPort] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(entry) ?? [];
  if (itsPort !== undefined && itsPort !== port) return false;
  const domain = bare(host).replace(/^\*?\./, '');
  return hostname === domain || hostname.endsWith(`.${domain}`);
}
