import { spawn } from 'node:child_process';

/** Command that opens a page, by platform; no shell sees the URL. */
export function openCommand(platform: NodeJS.Platform, url: string): readonly [string, ...string[]] {
  if (platform === 'darwin') return ['open', url];
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler', url];
  return ['xdg-open', url];
}

/** Opens the page in the browser; calls `failed` with the reason where it cannot. */
export function openInBrowser(url: string, failed: (message: string) => void): void {
  const [command, ...args] = openCommand(process.platform, url);
  const child = spawn(command, args, { stdio: 'ignore', detached: true });
  child.on('error', ({ message }) => failed(`no browser could be opened (${message}): open ${url} yourself`));
  child.unref();
}
