import type { Detail } from './detail.js';
import { element, setText, swatch } from './dom.js';
import { type Model, type News, nameShard } from './model.js';
import { letters } from './states.js';
import type { View } from './view.js';
import { showCount, showDuration, showSpan } from './words.js';

/** What is told of a shard, in this order; null where a log has none of it. */
const FACTS: Readonly<Record<string, (detail: Detail) => string | null>> = {
  Session: ({ session }) => session?.id ?? 'none',
  Sequence: ({ session }) => (session === null ? '–' : showCount(session.sequence)),
  Latency: ({ live, latencies }) =>
    live && (latencies.length === 0 ? '–' : `${Math.round(latencies.at(-1)?.[1] ?? 0)} ms`),
  'Beats every': ({ live }) => live && (live.heart.interval === null ? '–' : showDuration(live.heart.interval)),
  Connections: ({ live }) => live && showCount(live.stats.connections),
  Identifies: ({ live }) => live && showCount(live.stats.identifies),
  Resumes: ({ live }) => live && showCount(live.stats.resumes),
  Dispatches: ({ live }) => live && showCount(live.stats.dispatches),
};

/** The selected shard in words and numbers. */
export class FactsView implements View {
  readonly #name = element('h2');
  readonly #state = element('span', { class: 'state' });
  readonly #since = element('span', { class: 'since' });
  readonly #values = new Map<string, { readonly pair: HTMLElement; readonly value: HTMLElement }>();

  constructor(host: HTMLElement) {
    const list = element('dl');
    for (const name of Object.keys(FACTS)) {
      const value = element('dd', {}, '–');
      const pair = element('div', {}, element('dt', {}, name), value);
      this.#values.set(name, { pair, value });
      list.append(pair);
    }
    host.append(element('div', { class: 'title' }, this.#name, this.#state, this.#since), list);
  }

  draw(model: Model, { fleet, moved, totals, selection, detail }: News): void {
    const { selected } = model;
    const shard = selected === null ? undefined : model.shards.get(selected);
    const isNew = fleet || selection || (selected !== null && moved.has(selected));
    if (isNew) {
      setText(
        this.#name,
        shard === undefined
          ? selected === null
            ? 'No shard selected'
            : `Shard ${selected} is gone`
          : nameShard(shard),
      );
      const name = shard === undefined ? null : model.nameOf(shard.state);
      this.#state.replaceChildren(...(name === null ? [] : [swatch(name, letters[name]), name]));
    }
    if (totals || isNew) setText(this.#since, shard === undefined ? '' : `for ${showSpan(model.now - shard.since)}`);
    if (!detail && !selection) return;
    for (const [name, of] of Object.entries(FACTS)) {
      const told = model.detail === null ? '–' : of(model.detail);
      const row = this.#values.get(name);
      if (row === undefined) continue;
      row.pair.hidden = told === null;
      setText(row.value, told ?? '');
    }
  }
}
