import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { chromiumPath, launchChromium } from '../../visualizations/chromium.js';

/** Fonts of different widths, by the folders that Debian's fonts-liberation and fonts-dejavu-core fill. */
const FONTS = {
  Liberation: '/usr/share/fonts/truetype/liberation',
  DejaVu: '/usr/share/fonts/truetype/dejavu',
} as const;

/** Steps of 255 by which a colour must differ, so that librsvg's way of smoothing edges does not count. */
const CLEAR = 80;

const hasRsvg = spawnSync('rsvg-convert', ['--version']).error === undefined;

/** Names of what is not installed here. A test that needs it is skipped. */
export const missing: readonly string[] = [
  ...(chromiumPath === null ? ['chromium'] : []),
  ...(hasRsvg ? [] : ['librsvg2-bin']),
  ...(existsSync(FONTS.Liberation) ? [] : ['fonts-liberation']),
  ...(existsSync(FONTS.DejaVu) ? [] : ['fonts-dejavu-core']),
];

if (missing.length > 0)
  process.stderr.write(
    `\nSKIPPED: the tests that render the pictures. They need ${missing.join(', ')} (apt-get install --no-install-recommends).\n`,
  );

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A text or a sign as it was rendered. */
export interface Mark {
  readonly name: string;
  readonly box: Box;
  /** The rectangle drawn around it; the whole picture, where there is none. */
  readonly around: Box;
}

export const pathOf = (file: string) => fileURLToPath(new URL(`../../${file}`, import.meta.url));

/** Chromium with one family of fonts and no other, and one page in it. */
export class FontBrowser {
  readonly #browser: Browser;
  readonly #page: Page;
  readonly #folder: string;

  private constructor(browser: Browser, page: Page, folder: string) {
    this.#browser = browser;
    this.#page = page;
    this.#folder = folder;
  }

  static async launch(font: keyof typeof FONTS): Promise<FontBrowser> {
    const folder = mkdtempSync(join(tmpdir(), 'shardchart-fonts-'));
    const config = join(folder, 'fonts.conf');
    writeFileSync(
      config,
      `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
      <fontconfig><dir>${FONTS[font]}</dir><cachedir>${folder}</cachedir></fontconfig>`,
    );
    const browser = await launchChromium({ FONTCONFIG_FILE: config });
    return new FontBrowser(browser, await browser.newPage(), folder);
  }

  /** The picture, as large as it is. */
  async screenshot(picture: string, colorScheme: 'light' | 'dark' = 'light'): Promise<Buffer> {
    await this.#open(picture);
    await this.#page.emulateMedia({ colorScheme });
    return this.#page.screenshot();
  }

  /** Every text and sign of a picture, where it was rendered. */
  async marks(picture: string): Promise<Mark[]> {
    await this.#open(picture);
    return this.#page.evaluate<Mark[]>(`{
      const boxOf = (element) => element.getBoundingClientRect().toJSON();
      const around = (group) => group.querySelector(':scope > .pill, :scope > .row, :scope > .box') ?? document.documentElement;
      [...document.querySelectorAll('[data-text], .sign')].map((element) => ({
        name: element.dataset.text ?? 'sign of ' + element.parentElement.dataset.edge,
        box: boxOf(element),
        around: boxOf(around(element.parentElement)),
      }));
    }`);
  }

  /** For each box, the share of its pixels that differ clearly between two images of the same size. */
  differences(images: readonly Buffer[], boxes: readonly Box[]): Promise<number[]> {
    const input = { images: images.map((image) => image.toString('base64')), boxes };
    return this.#page.evaluate<number[]>(`(async ({ images, boxes }) => {
      const contexts = await Promise.all(images.map(async (base64) => {
        const image = new Image();
        image.src = 'data:image/png;base64,' + base64;
        await image.decode();
        const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
        context.drawImage(image, 0, 0);
        return context;
      }));
      return boxes.map(({ left, top, right, bottom }) => {
        const place = [left - 2, top - 2, right - left + 4, bottom - top + 4].map(Math.round);
        const [one, other] = contexts.map((context) => context.getImageData(...place).data);
        const differs = (_, pixel) =>
          [0, 1, 2].some((channel) => Math.abs(one[4 * pixel + channel] - other[4 * pixel + channel]) > ${CLEAR});
        const pixels = Array.from({ length: one.length / 4 }, differs);
        return pixels.filter(Boolean).length / pixels.length;
      });
    })(${JSON.stringify(input)})`);
  }

  async close(): Promise<void> {
    await this.#browser.close();
    rmSync(this.#folder, { recursive: true });
  }

  async #open(picture: string): Promise<void> {
    const url = picture.startsWith('data:') ? picture : `file://${pathOf(picture)}`;
    if (this.#page.url() === url) return;
    await this.#page.goto(url);
    const size = await this.#page.evaluate<{ width: number; height: number }>(`{
      const { width, height } = document.documentElement.getBoundingClientRect();
      ({ width: Math.ceil(width), height: Math.ceil(height) });
    }`);
    await this.#page.setViewportSize(size);
  }
}

/** A picture as librsvg draws it, a PNG. */
export const rsvg = (file: string): Buffer =>
  execFileSync('rsvg-convert', [pathOf(file)], { maxBuffer: 64 * 1024 * 1024 });
