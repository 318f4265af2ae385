import type { ShardKey } from '../messages.js';
import { element, setText } from './dom.js';
import { find } from './find.js';
import type { Model } from './model.js';
import type { View } from './view.js';

/** Input field that finds a shard by its own id or a guild's. */
export class FindField implements View {
  #model: Model | null = null;

  constructor(host: HTMLElement, select: (key: ShardKey) => void) {
    const answer = element('output', { class: 'answer', for: 'query' });
    const input = element('input', {
      id: 'query',
      type: 'text',
      inputmode: 'numeric',
      autocomplete: 'off',
      spellcheck: 'false',
      placeholder: 'Shard or guild id',
      'aria-label': 'Find a shard by its id or a guild’s',
      'aria-keyshortcuts': '/',
    });
    const form = element('form', { role: 'search' }, input, element('kbd', { 'aria-hidden': 'true' }, '/'), answer);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.#model === null || input.value.trim() === '') return;
      const { shards, total } = this.#model;
      const found = find(input.value, total, (key) => shards.has(key));
      setText(answer, 'why' in found ? found.why : '');
      if ('why' in found) return;
      select(found.key);
      input.select();
    });
    input.addEventListener('input', () => setText(answer, ''));
    host.append(form);
    addEventListener('keydown', (event) => {
      const isTyping = event.target instanceof Element && event.target.closest('input, textarea, dialog') !== null;
      if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.focus();
      input.select();
    });
  }

  draw(model: Model): void {
    this.#model = model;
  }
}
