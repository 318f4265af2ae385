type Environment = Readonly<Record<string, string | undefined>>;

/** Names in the order in which they are read; the small ones win, as curl has it. */
const read = (env: Environment, ...names: string[]) =>
  names.flatMap((name) => [env[name.toLowerCase()], env[name]]).find((value) => value !== undefined && value !== '');

/**
 * The proxy that the environment names for this URL: HTTPS_PROXY for wss and https, HTTP_PROXY for ws and http, else
 * ALL_PROXY. Null where there is none, and where NO_PROXY names the host.
 *
 * NO_PROXY is a list with commas: `*`, a host with all its subdomains (`example.com`, `.example.com`, `*.example.com`), an
 * IP address, each with `:port` where only that port is meant.
 */
export function envProxy(url: string, env: Environment): URL | null {
  const { protocol, hostname, port } = new URL(url);
  const isSecure = protocol === 'wss:' || protocol === 'https:';
  const proxy = read(env, isSecure ? 'HTTPS_PROXY' : 'HTTP_PROXY', 'ALL_PROXY');
  if (proxy === undefined) return null;
  const excluded = (read(env, 'NO_PROXY') ?? '').split(/[\s,]+/).filter((entry) => entry !== '');
  const actualPort = port === '' ? (isSecure ? '443' : '80') : port;
  if (excluded.some((entry) => excludes(entry.toLowerCase(), bare(hostname), actualPort))) return null;
  const withScheme = /^[a-z][a-z\d+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
  return URL.canParse(withScheme) ? new URL(withScheme) : null;
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
