import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

/** Where Debian and others put it, or where the environment says. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', process.env['CHROMIUM'] ?? ''];

/** Nothing but what the page asks for: it stays on this machine. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Path of a browser that is installed; null where there is none. */
export const chromiumPath: string | null = PLACES.find((path) => existsSync(path)) ?? null;

/** How to come by one. */
export const howToInstall =
  'Debian and Ubuntu: apt-get install --no-install-recommends chromium; elsewhere CHROMIUM=/path/to/chrome';

/** Starts it without a window; `env` is added to the environment. */
export function launchChromium(env: Readonly<Record<string, string>> = {}): Promise<Browser> {
  if (chromiumPath === null) throw new Error(`There is no Chromium here. ${howToInstall}`);
  return chromium.launch({ executablePath: chromiumPath, args: FLAGS, env: { ...process.env, ...env } });
}
