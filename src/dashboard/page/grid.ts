import type { ShardKey, ShownState } from '../messages.js';
import { type CellLayout, LETTER_FROM, layOut, neighbour } from './cells.js';
import { element, setText } from './dom.js';
import { type FleetShard, type Model, type News, nameShard } from './model.js';
import { cellLetter, stateName } from './states.js';
import { Tooltip } from './tooltip.js';
import type { View } from './view.js';
import { showSpan } from './words.js';

interface GridOptions {
  readonly choose: (key: ShardKey) => void;
  readonly label: string;
  /** Chooses the shards to show. */
  readonly isOf: (key: ShardKey) => boolean;
  /** Largest share of the page's height. */
  readonly share: number;
}

/** Width for the row labels on the left. */
const GUTTER = 34;

/** A grid of cells, one for each shard, in the colour of its state. */
export class Grid implements View {
  readonly #host: HTMLElement;
  readonly #options: GridOptions;
  readonly #box: HTMLElement;
  readonly #rows = element('div', { class: 'rows', 'aria-hidden': 'true' });
  readonly #cells = new Map<ShardKey, HTMLElement>();
  readonly #tooltip = new Tooltip();
  #keys: readonly ShardKey[] = [];
  #model: Model | null = null;
  #layout: CellLayout = layOut(0, 0, 0);
  /** Cell that the Tab key reaches. */
  #focused: ShardKey | null = null;
  /** Shard that the tooltip describes. */
  #described: ShardKey | null = null;

  constructor(host: HTMLElement, options: GridOptions) {
    this.#host = host;
    this.#options = options;
    this.#box = element('div', { class: 'cells', role: 'listbox', 'aria-label': options.label });
    host.append(this.#rows, this.#box);
    this.#box.addEventListener('click', (event) => this.#choose(cellAt(event)));
    this.#box.addEventListener('keydown', (event) => this.#key(event));
    this.#box.addEventListener('pointerover', (event) => {
      // No tooltip for touch: a finger covers it, and never leaves.
      if (event.pointerType !== 'touch') this.#describe(cellAt(event));
    });
    this.#box.addEventListener('pointerleave', () => this.#describe(null));
    this.#box.addEventListener('focusin', (event) => {
      const cell = cellAt(event);
      if (cell?.matches(':focus-visible') === true) this.#describe(cell);
    });
    this.#box.addEventListener('focusout', () => this.#describe(null));
    new ResizeObserver(() => this.#lay()).observe(host);
    addEventListener('resize', () => this.#lay());
  }

  /** Dims all states except these; an empty set shows all. */
  filter(shown: ReadonlySet<ShownState>): void {
    this.#box.className = [
      'cells',
      ...(shown.size > 0 ? ['filtered', ...[...shown].map((it) => `show-${it}`)] : []),
    ].join(' ');
  }

  draw(model: Model, { fleet, moved, selection, totals }: News): void {
    this.#model = model;
    if (fleet) this.#rebuild(model);
    else for (const key of moved) this.#paint(model, key);
    if (fleet || selection) this.#mark(model.selected);
    const described = this.#described;
    if (described !== null && (fleet || totals || moved.has(described)))
      this.#describe(this.#cells.get(described) ?? null);
  }

  #rebuild(model: Model): void {
    this.#keys = [...model.shards.keys()].filter(this.#options.isOf);
    this.#cells.clear();
    for (const key of this.#keys) {
      this.#cells.set(key, element('div', { role: 'option', class: 'cell', tabindex: -1, 'data-key': key }));
      this.#paint(model, key);
    }
    this.#box.replaceChildren(...this.#cells.values());
    this.#lay();
    const section = this.#host.closest('section');
    if (section !== null) section.hidden = this.#keys.length === 0 && section.classList.contains('optional');
  }

  #paint(model: Model, key: ShardKey): void {
    const cell = this.#cells.get(key);
    const shard = model.shards.get(key);
    if (cell === undefined || shard === undefined) return;
    const state = model.nameOf(shard.state);
    if (cell.dataset['state'] === state) return;
    cell.dataset['state'] = state;
    setText(cell, cellLetter(state));
    cell.setAttribute('aria-label', `${nameShard(shard)}, ${stateName(state)}`);
  }

  #mark(selected: ShardKey | null): void {
    for (const cell of this.#box.querySelectorAll('[aria-selected="true"]')) cell.removeAttribute('aria-selected');
    const cell = selected === null ? undefined : this.#cells.get(selected);
    cell?.setAttribute('aria-selected', 'true');
    this.#rove(cell === undefined ? (this.#keys[0] ?? null) : selected);
  }

  #rove(key: ShardKey | null): void {
    const tabindexOf = (of: ShardKey | null, index: number) =>
      of === null ? undefined : this.#cells.get(of)?.setAttribute('tabindex', String(index));
    tabindexOf(this.#focused, -1);
    tabindexOf(key, 0);
    this.#focused = key;
  }

  #lay(): void {
    this.#layout = layOut(this.#keys.length, this.#host.clientWidth - GUTTER, innerHeight * this.#options.share);
    const { columns, size, gap } = this.#layout;
    this.#host.style.setProperty('--size', `${size}px`);
    this.#host.style.setProperty('--gap', `${gap}px`);
    this.#host.style.setProperty('--columns', String(columns));
    this.#host.classList.toggle('tiny', size < LETTER_FROM);
    const every = size < LABEL_HEIGHT ? 2 : 1;
    const firsts = this.#keys.filter((_, index) => index % (columns * every) === 0);
    this.#rows.replaceChildren(...firsts.map((key) => element('span', {}, key)));
    this.#host.style.setProperty('--label-rows', String(every));
  }

  #choose(cell: HTMLElement | null): void {
    const key = cell?.dataset['key'];
    if (key !== undefined) this.#options.choose(key);
  }

  #key(event: KeyboardEvent): void {
    const cell = cellAt(event);
    const key = cell?.dataset['key'];
    if (key === undefined) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      this.#choose(cell);
      return;
    }
    const index = this.#keys.indexOf(key);
    const next = this.#keys[neighbour(event.key, index, this.#keys.length, this.#layout.columns)];
    if (next === undefined || next === key) return;
    event.preventDefault();
    this.#rove(next);
    this.#cells.get(next)?.focus();
  }

  #describe(cell: HTMLElement | null): void {
    const shard = this.#model?.shards.get(cell?.dataset['key'] ?? '');
    this.#described = shard?.key ?? null;
    if (this.#model === null || cell === null || shard === undefined) this.#tooltip.hide();
    else this.#tooltip.show(cell, describeShard(this.#model, shard));
  }
}

/** Lower rows have no room for their label. */
const LABEL_HEIGHT = 12;

const cellAt = ({ target }: Event): HTMLElement | null =>
  target instanceof Element ? target.closest<HTMLElement>('.cell') : null;

const describeShard = (model: Model, shard: FleetShard): readonly [string, string] => [
  nameShard(shard),
  `${stateName(model.nameOf(shard.state))} for ${showSpan(model.now - shard.since)}`,
];
