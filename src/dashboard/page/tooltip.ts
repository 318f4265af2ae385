import { element, setText } from './dom.js';

/** A hint above an element, or below it without room above. */
export class Tooltip {
  readonly #title = element('strong');
  readonly #text = element('span');
  readonly #box = element(
    'div',
    { class: 'tooltip', role: 'presentation', 'aria-hidden': 'true' },
    this.#title,
    this.#text,
  );

  constructor() {
    this.#box.hidden = true;
    document.body.append(this.#box);
  }

  show(target: Element, [title, text]: readonly [string, string]): void {
    setText(this.#title, title);
    setText(this.#text, text);
    this.#box.hidden = false;
    const { left, top, bottom, width } = target.getBoundingClientRect();
    const { offsetWidth, offsetHeight } = this.#box;
    const x = Math.min(Math.max(8, left + width / 2 - offsetWidth / 2), innerWidth - offsetWidth - 8);
    const y = top - offsetHeight - 8 < 0 ? bottom + 8 : top - offsetHeight - 8;
    this.#box.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
  }

  hide(): void {
    this.#box.hidden = true;
  }
}
