import type { Setup, ShownState } from '../messages.js';
import { element, setText, swatch } from './dom.js';
import type { Model, News } from './model.js';
import { letters } from './states.js';
import type { View } from './view.js';
import { showCount } from './words.js';

interface Chip {
  readonly state: ShownState;
  readonly button: HTMLButtonElement;
  readonly count: HTMLElement;
}

/** Number of shards in each state. Pressed chips filter the grid. */
export class Chips implements View {
  readonly #chips: readonly Chip[];
  readonly #shown = new Set<ShownState>();

  /** Calls `filtered` with the pressed states; an empty set shows all. */
  constructor(host: HTMLElement, { states }: Setup, filtered: (shown: ReadonlySet<ShownState>) => void) {
    this.#chips = states.map((state) => {
      const count = element('span', { class: 'count' }, '0');
      const button = element(
        'button',
        {
          type: 'button',
          class: 'chip none',
          'aria-pressed': 'false',
          title: `Show only ${state}`,
          hidden: state === 'fatal',
        },
        swatch(state, letters[state]),
        element('span', { class: 'name' }, state),
        count,
      );
      button.addEventListener('click', () => {
        const isShown = !this.#shown.delete(state);
        if (isShown) this.#shown.add(state);
        button.setAttribute('aria-pressed', String(isShown));
        filtered(this.#shown);
      });
      return { state, button, count };
    });
    host.append(...this.#chips.map(({ button }) => button));
  }

  draw(model: Model, { fleet, moved }: News): void {
    if (!fleet && moved.size === 0) return;
    const counts = model.counts();
    for (const [index, { state, button, count }] of this.#chips.entries()) {
      const shards = counts[index] ?? 0;
      setText(count, showCount(shards));
      button.classList.toggle('none', shards === 0);
      // Fatal is hidden while no shard is fatal.
      button.hidden = state === 'fatal' && shards === 0 && !this.#shown.has(state);
    }
  }
}
