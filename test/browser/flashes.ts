import type { Page } from 'playwright-core';

/** The selected shard's picture, as the page finds it. */
export const pictureOf = `document.querySelector('.stage').shadowRoot`;

/** Notes from now on which edges begin to flash. */
export const watchFlashes = (page: Page) =>
  page.evaluate(`{
    window.flashed = new Set();
    new MutationObserver((changes) => {
      for (const { target } of changes)
        if (target.matches('[data-edge].taken')) flashed.add(target.getAttribute('data-edge'));
    }).observe(${pictureOf}, { subtree: true, attributes: true, attributeFilter: ['class'] });
  }`);

/** Which have flashed since they are watched, or were forgotten. */
export const flashed = (page: Page) => page.evaluate<string[]>('[...flashed].sort()');

export const forgetFlashes = (page: Page) => page.evaluate('flashed.clear()');

/** The edges of the picture that stand for these. */
export const edgesFor = (page: Page, ids: readonly string[]) =>
  page.evaluate<string[]>(`[...${pictureOf}.querySelectorAll('[data-edge]')]
    .map((edge) => edge.getAttribute('data-edge'))
    .filter((ids) => ids.split(' ').some((id) => ${JSON.stringify(ids)}.includes(id))).sort()`);

/** Lets no edge of a page that is still to be loaded stop flashing by itself: `heldFlashes` counts those that would. */
export const holdFlashes = (page: Page) =>
  page.addInitScript(`{
    const { setTimeout } = window;
    window.heldFlashes = 0;
    window.setTimeout = (callback, ...rest) => {
      if (!String(callback).includes("classList.remove('taken')")) return setTimeout(callback, ...rest);
      heldFlashes += 1;
      return 0; // no timer's: it may be cleared
    };
  }`);

export const heldFlashes = (page: Page) => page.evaluate<number>('heldFlashes');

/** How many parts of the picture flash now. */
export const flashing = (page: Page) => page.locator('.taken').count();
