import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { charts } from '../../visualizations/pictures.js';
import { FontBrowser, missing, pathOf, rsvg, type Box, type Mark } from './renderRig.js';

const FILES = [...Object.keys(charts).map((name) => `visualizations/${name}.svg`), 'test/bench/dispatches.svg'];

/** Pixels by which two boxes may overlap: coordinates are rounded to a tenth. */
const SLACK = 0.5;
/** Share of a text's pixels. The pictures have 0.011 at most; a word that is moved by a pixel has more than 0.1. */
const MOST_DIFFERING = 0.02;

const dataUrl = (svg: string) => `data:image/svg+xml,${encodeURIComponent(svg)}`;

const isWithin = (inner: Box, outer: Box) =>
  inner.left >= outer.left - SLACK &&
  inner.top >= outer.top - SLACK &&
  inner.right <= outer.right + SLACK &&
  inner.bottom <= outer.bottom + SLACK;

const overlaps = (a: Box, b: Box) =>
  a.left + SLACK < b.right && b.left + SLACK < a.right && a.top + SLACK < b.bottom && b.top + SLACK < a.bottom;

const overlapping = (marks: readonly Mark[]) =>
  marks.flatMap((a, index) =>
    marks
      .slice(index + 1)
      .filter((b) => overlaps(a.box, b.box))
      .map((b) => `${a.name} and ${b.name}`),
  );

test.each(FILES)('%s has no text that a renderer would draw with a font of its own', (file) => {
  expect(readFileSync(pathOf(file), 'utf8')).not.toMatch(/<text|<tspan|<foreignObject|font-/);
});

describe.skipIf(missing.length > 0)('rendered', () => {
  let liberation: FontBrowser;
  let dejaVu: FontBrowser;

  beforeAll(async () => {
    [liberation, dejaVu] = await Promise.all([FontBrowser.launch('Liberation'), FontBrowser.launch('DejaVu')]);
  });

  afterAll(() => Promise.all([liberation.close(), dejaVu.close()]));

  const isSameWithBoth = async (picture: string, scheme?: 'light' | 'dark') => {
    const [one, other] = await Promise.all([liberation, dejaVu].map((browser) => browser.screenshot(picture, scheme)));
    return other !== undefined && one?.equals(other);
  };

  const movedBetween = async (images: readonly Buffer[], marks: readonly Mark[]) => {
    const shares = await dejaVu.differences(
      images,
      marks.map(({ box }) => box),
    );
    return marks.filter((_, index) => (shares[index] ?? 1) > MOST_DIFFERING).map(({ name }) => name);
  };

  test('a text element looks different in the two browsers, so that they do have different fonts', async () => {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="40"><text y="20">identify</text></svg>`;
    expect(await isSameWithBoth(dataUrl(svg))).toBe(false);
  });

  test('a word that is a pixel to the right of where it was counts as moved, and no other does', async () => {
    const file = 'visualizations/bucket.svg';
    const marks = await dejaVu.marks(file);
    const moved = readFileSync(pathOf(file), 'utf8').replace(
      /translate\((\d+)(?= [^>]*data-text="always")/,
      (_, x) => `translate(${Number(x) + 1}`,
    );
    const images = [await dejaVu.screenshot(file), await dejaVu.screenshot(dataUrl(moved))];
    expect(await movedBetween(images, marks)).toEqual(['always']);
  });

  describe.each(FILES)('%s', (file) => {
    test('keeps each text and sign in its box and clear of all others, whichever font there is', async () => {
      for (const browser of [liberation, dejaVu]) {
        const marks = await browser.marks(file);
        expect(marks.length).toBeGreaterThan(10);
        expect(marks.filter(({ box, around }) => !isWithin(box, around)).map(({ name }) => name)).toEqual([]);
        expect(overlapping(marks)).toEqual([]);
      }
    });

    test('has the same pixels whichever font there is, light and dark', async () => {
      expect(await isSameWithBoth(file, 'dark')).toBe(true);
      expect(await isSameWithBoth(file, 'light')).toBe(true);
    });

    test('has each text where Chromium has it when librsvg draws it', async () => {
      const marks = await dejaVu.marks(file);
      const images = [await dejaVu.screenshot(file), rsvg(file)];
      expect(await movedBetween(images, marks)).toEqual([]);
    });
  });
});
