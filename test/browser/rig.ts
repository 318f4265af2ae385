import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { chromiumPath, launchChromium } from '../../visualizations/chromium.js';
import type { ShardManager } from '../../src/index.js';

/** A test for a browser. Without a browser it is skipped, and the reporter says so. */
export const browserTest = test.skipIf(chromiumPath === null);

export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 360, height: 740 };

let browser: Browser | null = null;
const contexts = new Set<BrowserContext>();
/** Faults that fail any test: errors, policy violations, requests to other machines. */
const complaints: string[] = [];

beforeAll(async () => {
  if (chromiumPath !== null) browser = await launchChromium();
});

afterEach(async () => {
  await Promise.all([...contexts].map((context) => context.close()));
  contexts.clear();
  expect(complaints.splice(0)).toEqual([]);
});

afterAll(() => browser?.close());

export interface PageOptions extends BrowserContextOptions {
  /** Console errors that the test expects. */
  readonly tolerates?: RegExp;
  /** Host names of this machine besides `127.0.0.1`. */
  readonly hosts?: readonly string[];
}

/**
 * Opens an empty page. The test fails where the page logs an error, throws, violates its policy or asks another
 * machine. Close it before its server.
 */
export async function newPage({ tolerates, hosts = [], ...options }: PageOptions = {}): Promise<Page> {
  if (browser === null) throw new Error('This is no browserTest: there is no browser.');
  const context = await browser.newContext({ viewport: DESKTOP, colorScheme: 'dark', locale: 'en-GB', ...options });
  contexts.add(context);
  const complain = (text: string) => {
    if (tolerates?.test(text) !== true) complaints.push(text);
  };
  await context.addInitScript(
    `addEventListener('securitypolicyviolation', (e) => console.error('policy: ' + e.violatedDirective + ' ' + e.blockedURI))`,
  );
  context.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (protocol !== 'data:' && !['127.0.0.1', ...hosts].includes(hostname)) complain(`asked ${request.url()}`);
  });
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complain(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complain(`threw ${error.message}`));
  return page;
}

/** Opens the page of a dashboard and waits for its content. */
export async function open(url: string | null, options: PageOptions = {}): Promise<Page> {
  const page = await newPage(options);
  await page.goto(`${url}`);
  await isShown(page);
  return page;
}

/** Waits for a fleet, and a selected shard with its picture. */
export async function isShown(page: Page): Promise<void> {
  await page.waitForSelector('#grid .cell[aria-selected]');
  await page.waitForSelector('.steps li');
  await page.waitForSelector('.state.active', { state: 'attached' });
}

/** State of each cell of a grid, by key. */
export function cellsOf(page: Page, grid = '#grid'): Promise<Record<string, string>> {
  return page.evaluate<Record<string, string>>(
    `Object.fromEntries([...document.querySelectorAll('${grid} .cell')].map(({ dataset }) => [dataset.key, dataset.state]))`,
  );
}

export const statesOf = (manager: ShardManager): Record<string, string> =>
  Object.fromEntries(manager.status().shards.map(({ id, state }) => [String(id), state]));

/** Polls until both functions return the same; both values change. */
export async function agree<T>(shown: () => Promise<T>, real: () => T): Promise<void> {
  await untilAsync(async () => expect(await shown()).toEqual(real()));
}

/** Polls until the attempt no longer throws. */
export const untilAsync = (attempt: () => Promise<unknown>, timeout = 10_000): Promise<unknown> =>
  vi.waitFor(attempt, { timeout, interval: 25 });

/** Text of an element on one line. */
export const textOf = async (page: Page, selector: string): Promise<string> =>
  (await page.locator(selector).first().innerText()).replaceAll(/\s+/g, ' ').trim();

/** Polls until an element shows this text. */
export const says = (page: Page, selector: string, words: RegExp | string): Promise<unknown> =>
  untilAsync(async () => expect(await textOf(page, selector)).toMatch(words));

export const select = (page: Page, key: string) => page.click(`.cell[data-key="${key}"]`);

/** Property of an element's computed style. */
export const styleOf = (element: Locator, property: string): Promise<string> =>
  element.evaluate((it, name) => getComputedStyle(it).getPropertyValue(name), property);

/** Exists in the page, where the function runs. */
declare function getComputedStyle(element: unknown): { getPropertyValue(name: string): string };

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Fault {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly target: readonly unknown[]; readonly failureSummary: string }[];
}

/** Grave faults that axe finds in the page now: each rule with its first elements. */
export async function graveFaults(page: Page): Promise<string[]> {
  await page.evaluate(`typeof axe === 'undefined' && (() => { ${axe} })()`);
  const faults = await page.evaluate<Fault[]>(
    `axe.run(document, { resultTypes: ['violations'] }).then((it) => it.violations)`,
  );
  return faults
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id} (${nodes.length}): ${String(nodes[0]?.target)} ${nodes[0]?.failureSummary}`);
}
