import type { ShardKey, ShownState } from '../messages.js';
import type { Detail } from './detail.js';
import { element, setText, swatch } from './dom.js';
import { type FleetShard, type Model, type News, nameShard } from './model.js';
import { letters, stateName } from './states.js';
import type { View } from './view.js';
import { showCount, showDuration, showSpan } from './words.js';

/** Facts of a shard in order of display; null for a fact that a log does not contain. */
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
  readonly #next = element('span', { class: 'next' });
  readonly #values = new Map<string, { readonly pair: HTMLElement; readonly value: HTMLElement }>();

  constructor(host: HTMLElement) {
    const list = element('dl');
    for (const name of Object.keys(FACTS)) {
      const value = element('dd', {}, '–');
      const pair = element('div', {}, element('dt', {}, name), value);
      this.#values.set(name, { pair, value });
      list.append(pair);
    }
    host.append(element('div', { class: 'title' }, this.#name, this.#state, this.#since, this.#next), list);
  }

  draw(model: Model, { fleet, moved, totals, selection, detail }: News): void {
    const { selected, now } = model;
    const shard = selected === null ? undefined : model.shards.get(selected);
    const isNew = fleet || selection || (selected !== null && moved.has(selected));
    if (isNew) setText(this.#name, titleOf(selected, shard));
    if (isNew || detail) this.#drawState(shard === undefined ? null : model.nameOf(shard.state), model.detail);
    if (isNew || totals) setText(this.#since, shard === undefined ? '' : `for ${showSpan(now - shard.since)}`);
    if (isNew || totals || detail) setText(this.#next, describeNext(model));
    if (detail || selection) this.#drawFacts(model.detail);
  }

  #drawState(name: ShownState | null, detail: Detail | null): void {
    if (name === null) return this.#state.replaceChildren();
    const within = detail?.active.shard?.split(`${name}.`)[1];
    const words = within === undefined ? stateName(name) : `${name} · ${within}`;
    if (this.#state.dataset['shown'] === words) return;
    this.#state.dataset['shown'] = words;
    this.#state.replaceChildren(swatch(name, letters[name]), words);
  }

  #drawFacts(detail: Detail | null): void {
    for (const [name, of] of Object.entries(FACTS)) {
      const shown = detail === null ? '–' : of(detail);
      const row = this.#values.get(name);
      if (row === undefined) continue;
      row.pair.hidden = shown === null;
      setText(row.value, shown ?? '');
    }
  }
}

function titleOf(selected: ShardKey | null, shard: FleetShard | undefined): string {
  if (shard !== undefined) return nameShard(shard);
  return selected === null ? 'No shard selected' : `${nameShard({ key: selected, id: Number(selected) })} is gone`;
}

/** Next attempt of a waiting shard: `identifies in 9 s, attempt 6`. */
function describeNext(model: Model): string {
  const last = model.detail?.steps.findLast(({ from, to }) => from !== to);
  if (last === undefined || last.decision === null || model.nameOf(last.to) !== 'Disconnected') return '';
  const { action, attempt, delay } = last.decision;
  if (action !== 'resume' && action !== 'identify') return '';
  const left = last.at + delay - model.now;
  const when = left > 0 ? `in ${showSpan(Math.max(SECOND_MS, left))}` : 'now';
  return `${action === 'resume' ? 'resumes' : 'identifies'} ${when}${attempt > 1 ? `, attempt ${attempt}` : ''}`;
}

const SECOND_MS = 1_000;
