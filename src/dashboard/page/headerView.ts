import type { ManagerView, Setup } from '../messages.js';
import { byId, setText } from './dom.js';
import type { Model, News } from './model.js';
import type { View } from './view.js';
import { many, showBytes, showCount, showRate, showTime, showZone } from './words.js';

/** The top of the page: are all shards up, and is the page current? */
export class HeaderView implements View {
  readonly #isLive: boolean;

  constructor(setup: Setup) {
    this.#isLive = setup.source === 'live';
  }

  draw(model: Model, { fleet, moved, totals }: News): void {
    if (fleet || totals || moved.size > 0) drawHeadline(model);
    if (!fleet && !totals) return;
    setText(byId('link'), this.#link(model));
    setText(byId('zone'), this.#isLive && model.now > 0 ? `times in ${showZone(model.now)}` : '');
    setText(byId('manager'), describeManager(model.manager));
    const { rates, latency } = model.figures;
    setText(byId('dispatchRate'), rates === null ? '–' : showRate(rates.dispatches));
    setText(byId('byteRate'), rates === null ? '–' : `${showBytes(rates.bytes)}/s`);
    setText(byId('meanLatency'), latency === null ? '–' : `${Math.round(latency)} ms`);
    byId('rates').hidden = !this.#isLive;
  }

  #link({ isWaiting, now }: Model): string {
    if (!isWaiting) return this.#isLive ? 'live' : 'audit log';
    return now === 0 ? 'waiting for the server' : `no update since ${showTime(now)}`;
  }
}

function drawHeadline(model: Model): void {
  const counts = model.counts();
  const here = counts.reduce((sum, count) => sum + count, 0);
  const up = counts[model.setup.states.indexOf('Connected')] ?? 0;
  const down = here - up;
  const none = isAwaited(model) ? 'Waiting for shards' : 'No shards';
  setText(byId('noShards'), `${none}.`);
  setText(byId('upCount'), here === 0 ? none : showCount(up));
  const elsewhere = model.total > here ? `, ${showCount(model.total)} in all` : '';
  setText(byId('ofCount'), here === 0 ? '' : `of ${many(here, 'shard')} connected${elsewhere}`);
  setText(byId('downCount'), down === 0 ? '' : `${showCount(down)} down`);
  const short = down === 0 ? `${showCount(up)} up` : `${showCount(down)} down`;
  const news = model.isWaiting && model.now > 0 ? 'no updates' : here === 0 ? null : short;
  document.title = news === null ? 'shardchart' : `${news} · shardchart`;
}

/** True while shards may still appear: before the first message, or while the manager works. */
const isAwaited = ({ now, manager }: Model): boolean => now === 0 || (manager !== null && manager.state !== 'Offline');

/** State of the manager, and the number of shards it waits for. */
function describeManager(manager: ManagerView | null): string {
  if (manager === null) return '';
  const { waiting, opening, rising, closing } = manager.progress;
  const left = Object.entries({ waiting, opening, rising, closing })
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${showCount(count)} ${what}`);
  return [manager.state, ...left].join(' · ');
}
