import type { Page } from 'playwright-core';

/** The selected shard's picture in the page. */
export const pictureOf = `document.querySelector('.stage').shadowRoot`;

/** Records from now on which edges begin to flash. */
export const watchFlashes = (page: Page) =>
  page.evaluate(`{
    window.flashed = new Set();
    new MutationObserver((changes) => {
      for (const { target } of changes)
        if (target.matches('[data-edge].taken')) flashed.add(target.getAttribute('data-edge'));
    }).observe(${pictureOf}, { subtree: true, attributes: true, attributeFilter: ['class'] });
  }`);

/** Edges that flashed since `watchFlashes` or `forgetFlashes`. */
export const flashed = (page: Page) => page.evaluate<string[]>('[...flashed].sort()');

export const forgetFlashes = (page: Page) => page.evaluate('flashed.clear()');

/** Edges of the picture that stand for these ids. */
export const edgesFor = (page: Page, ids: readonly string[]) =>
  page.evaluate<string[]>(`[...${pictureOf}.querySelectorAll('[data-edge]')]
    .map((edge) => edge.getAttribute('data-edge'))
    .filter((ids) => ids.split(' ').some((id) => ${JSON.stringify(ids)}.includes(id))).sort()`);

/** Keeps the flashes of a page to be loaded from ending by themselves: `heldFlashes` counts those that would. */
export const holdFlashes = (page: Page) =>
  page.addInitScript(`{
    const { setTimeout } = window;
    window.heldFlashes = 0;
    window.setTimeout = (callback, ...rest) => {
      if (!/classList\\.remove\\(.taken/.test(String(callback))) return setTimeout(callback, ...rest);
      heldFlashes += 1;
      return 0; // no timer's: it may be cleared
    };
  }`);

export const heldFlashes = (page: Page) => page.evaluate<number>('heldFlashes');

/** Number of elements of the picture that flash now. */
export const flashing = (page: Page) => page.locator('.taken').count();
