import type { ChartName, Setup } from '../messages.js';
import type { Detail } from './detail.js';
import { element, setText } from './dom.js';
import { isCalm, isWide } from './layout.js';
import type { Model, News } from './model.js';
import { boxOf } from './paths.js';
import { Picture } from './picture.js';
import type { View } from './view.js';

interface Tab {
  readonly label: string;
  readonly picture: string;
  /**
   * Chart whose edges flash in the picture. The small picture shows those of the shard's chart; a log has no others.
   */
  readonly chart: ChartName;
}

const TABS: readonly Tab[] = [
  { label: 'Life', picture: 'lifecycle', chart: 'shard' },
  { label: 'Shard', picture: 'shard', chart: 'shard' },
  { label: 'Heartbeat', picture: 'heartbeat', chart: 'heartbeat' },
  { label: 'Bucket', picture: 'bucket', chart: 'bucket' },
];

/** A picture that would be smaller than this is enlarged and follows the shard: its text could not be read. */
const LEAST_SCALE = 0.6;
/** Smallest scale with readable text; shows most of the picture. */
const LARGE_SCALE = 0.8;
/** Higher pictures are fitted by width only, and scroll. */
const TALL = 2_000;

/** Charts of the selected shard: active states are lit, and each edge flashes when it is taken. */
export class ChartView implements View {
  readonly #host: HTMLElement;
  readonly #tabs: readonly Tab[];
  readonly #buttons: readonly HTMLButtonElement[];
  readonly #stage = element('div', { class: 'stage' });
  readonly #scroller = element(
    'div',
    { class: 'scroller', role: 'tabpanel', id: 'picture', tabindex: 0, 'aria-labelledby': 'tab-lifecycle' },
    this.#stage,
  );
  readonly #zoom = element('button', { type: 'button', class: 'quiet' });
  readonly #follow = element(
    'button',
    { type: 'button', class: 'quiet', 'aria-pressed': 'true', title: 'Keep the active state in view' },
    'Follow',
  );
  readonly #shadow = this.#stage.attachShadow({ mode: 'open' });
  readonly #pictures = new Map<Tab, Picture>();
  /** The viewer's wish to enlarge a picture, by tab; absent until the viewer chooses. */
  readonly #isWantedLarge = new Map<Tab, boolean>();
  #tab: Tab = TABS[0] as Tab;
  #isFollowing = true;
  #model: Model | null = null;
  /** Shard whose edges flashed last. */
  #flashed: Detail | null = null;
  /** Path that the page last scrolled to by itself. */
  #followed: string | null = null;

  constructor(host: HTMLElement, { source }: Setup) {
    this.#host = host;
    this.#tabs = TABS.filter(({ chart }) => source === 'live' || chart === 'shard');
    this.#buttons = this.#tabs.map((tab) =>
      element(
        'button',
        {
          type: 'button',
          role: 'tab',
          id: `tab-${tab.picture}`,
          'aria-controls': 'picture',
          onclick: () => this.#show(tab),
        },
        tab.label,
      ),
    );
    const tablist = element('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Charts' }, ...this.#buttons);
    tablist.addEventListener('keydown', (event) => this.#key(event));
    host.append(
      element('div', { class: 'bar' }, tablist, element('div', { class: 'group' }, this.#follow, this.#zoom)),
      this.#scroller,
    );
    this.#zoom.addEventListener('click', () => this.#toggleZoom());
    this.#follow.addEventListener('click', () => this.#setFollowing(!this.#isFollowing));
    for (const kind of ['wheel', 'touchmove', 'pointerdown'] as const) {
      this.#scroller.addEventListener(kind, () => this.#leave(), { passive: true });
    }
    new ResizeObserver(() => this.#resize()).observe(this.#scroller);
    this.#show(this.#tab);
  }

  draw(model: Model, { fleet, moved, selection, detail }: News): void {
    this.#model = model;
    if (selection) this.#followed = null;
    const isMoved = fleet || (model.selected !== null && moved.has(model.selected));
    if (!detail && !selection && !isMoved) return;
    const taken = model.detail?.takeEdges() ?? [];
    // Flashes of another shard, or of another time of a log, end here: those edges were not taken now.
    if (model.detail !== this.#flashed) for (const shown of this.#pictures.values()) shown.calm();
    this.#flashed = model.detail;
    const picture = this.#pictures.get(this.#tab);
    for (const { chart, edge } of taken) {
      if (chart === this.#tab.chart) picture?.flash(edge);
    }
    this.#light();
  }

  #light(): void {
    const model = this.#model;
    const picture = this.#pictures.get(this.#tab);
    if (model === null || picture === undefined) return;
    const shard = model.selected === null ? undefined : model.shards.get(model.selected);
    const state = shard === undefined ? null : model.nameOf(shard.state);
    this.#host.dataset['state'] = state ?? '';
    const path =
      this.#tab.picture === 'lifecycle'
        ? state && boxOf(state === 'fatal' ? 'Offline' : state, picture.paths)
        : (model.detail?.active[this.#tab.chart] ?? null);
    const box = picture.light(path);
    if (box === null || path === this.#followed || !this.#isFollowing) return;
    const isFirst = this.#followed === null;
    this.#followed = path;
    this.#scrollTo(box, picture, isFirst);
  }

  #scrollTo(box: DOMRectReadOnly, picture: Picture, atOnce: boolean): void {
    const { clientWidth, clientHeight } = this.#scroller;
    const factor = picture.svg.clientWidth / picture.width;
    this.#scroller.scrollTo({
      left: (box.x + box.width / 2) * factor - clientWidth / 2,
      top: (box.y + box.height / 2) * factor - clientHeight / 2,
      behavior: atOnce || isCalm.matches ? 'instant' : 'smooth',
    });
  }

  #show(tab: Tab): void {
    this.#tab = tab;
    for (const [index, button] of this.#buttons.entries()) {
      const isSelected = this.#tabs[index] === tab;
      button.setAttribute('aria-selected', String(isSelected));
      button.tabIndex = isSelected ? 0 : -1;
    }
    this.#scroller.setAttribute('aria-labelledby', `tab-${tab.picture}`);
    const picture = this.#pictures.get(tab);
    // The new picture has its own position, so following starts again.
    this.#setFollowing(true);
    if (picture === undefined) void this.#load(tab);
    else this.#put(picture);
  }

  async #load(tab: Tab): Promise<void> {
    try {
      const picture = new Picture(await load(tab.picture));
      this.#pictures.set(tab, picture);
      if (this.#tab === tab) this.#put(picture);
    } catch {
      if (this.#tab === tab)
        this.#shadow.replaceChildren(`The picture ${tab.picture} could not be loaded. Reload the page.`);
    }
  }

  #put(picture: Picture): void {
    this.#shadow.adoptedStyleSheets = [...picture.sheets];
    this.#shadow.replaceChildren(picture.svg);
    this.#resize();
  }

  #resize(): void {
    const picture = this.#pictures.get(this.#tab);
    if (picture === undefined) return;
    this.#size(picture);
    this.#followed = null;
    this.#light();
  }

  #isLarge({ width, height }: Picture): boolean {
    // Offset sizes include the scroll bars, whose presence depends on this result.
    const { offsetWidth, offsetHeight } = this.#scroller;
    const fitting = offsetWidth / width;
    const scale = isWide.matches && height <= TALL ? Math.min(fitting, offsetHeight / height) : fitting;
    return this.#isWantedLarge.get(this.#tab) ?? scale < LEAST_SCALE;
  }

  #size(picture: Picture): void {
    const isLarge = this.#isLarge(picture);
    const isTall = picture.height > TALL;
    setText(this.#zoom, isLarge ? 'Fit' : 'Enlarge');
    this.#zoom.title = isLarge ? 'Fit the chart into its panel' : 'Enlarge the chart so that it can be read';
    this.#follow.hidden = !isLarge && !isTall;
    this.#scroller.classList.toggle('fit', !isLarge);
    const { style } = picture.svg;
    style.display = 'block';
    style.margin = '0 auto';
    style.width = isLarge ? `${picture.width * LARGE_SCALE}px` : '100%';
    style.height = isLarge ? `${picture.height * LARGE_SCALE}px` : isTall ? 'auto' : '100%';
    style.maxHeight = isTall ? '' : `${picture.height}px`;
  }

  #toggleZoom(): void {
    const picture = this.#pictures.get(this.#tab);
    if (picture === undefined) return;
    this.#isWantedLarge.set(this.#tab, !this.#isLarge(picture));
    this.#setFollowing(true);
    this.#resize();
  }

  /** Stops following because the viewer scrolls; a fitted picture does not scroll. */
  #leave(): void {
    if (!this.#follow.hidden) this.#setFollowing(false);
  }

  #setFollowing(isFollowing: boolean): void {
    if (isFollowing === this.#isFollowing) return;
    this.#isFollowing = isFollowing;
    this.#follow.setAttribute('aria-pressed', String(isFollowing));
    this.#followed = null;
    if (isFollowing) this.#light();
  }

  #key(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const count = this.#tabs.length;
    const index = (this.#tabs.indexOf(this.#tab) + step + count) % count;
    const tab = this.#tabs[index];
    if (tab !== undefined) this.#show(tab);
    this.#buttons[index]?.focus();
  }
}

async function load(picture: string): Promise<string> {
  const answer = await fetch(`/charts/${picture}.svg`);
  if (!answer.ok) throw new Error(`The server answered ${answer.status}`);
  return answer.text();
}
