import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

/** Paths of Chromium on Debian and elsewhere, and the one that the environment names. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', process.env['CHROMIUM'] ?? ''];

/** Chromium sends nothing of its own: all that it asks for comes from the page. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Path of a browser that is installed; null without one. */
export const chromiumPath: string | null = PLACES.find((path) => existsSync(path)) ?? null;

/** Advice for a machine without a browser. */
export const howToInstall =
  'Debian and Ubuntu: apt-get install --no-install-recommends chromium; elsewhere CHROMIUM=/path/to/chrome';

/** Starts Chromium without a window; `env` is added to the environment. */
export function launchChromium(env: Readonly<Record<string, string>> = {}): Promise<Browser> {
  if (chromiumPath === null) throw new Error(`There is no Chromium here. ${howToInstall}`);
  return chromium.launch({ executablePath: chromiumPath, args: FLAGS, env: { ...process.env, ...env } });
}
