import { type BucketSample, type Detail, PLOTTED_MS } from './detail.js';
import { drawing, element, setAttributes, setText } from './dom.js';
import type { Model, News } from './model.js';
import { areaPath, linePath, niceCeiling, type Scale, scale, stepPath, summarize } from './scales.js';
import type { View } from './view.js';
import { showCount } from './words.js';

const HEIGHT = 84;
/** Shorter axes have no whole number in the middle. */
const LOWEST_END = 10;
const PADDING = { top: 8, right: 6, bottom: 18, left: 34 } as const;
const TICKS_MS = [0, 1, 2, 3, 4, 5].map((minutes) => minutes * 60_000);

interface Span {
  readonly since: number;
  readonly now: number;
}

/** A plot of the last five minutes, with an axis that begins at 0. */
abstract class Plot implements View {
  readonly #host: HTMLElement;
  readonly #summary = element('p', { class: 'summary' });
  readonly #axis = drawing('g', { class: 'axis' });
  readonly #svg = drawing('svg', { class: 'plot', height: HEIGHT, role: 'img' });
  #model: Model | null = null;
  #width = 0;
  #axisOf = '';

  constructor(host: HTMLElement, title: string, marks: readonly SVGElement[]) {
    this.#host = host;
    this.#svg.append(this.#axis, ...marks);
    host.append(element('div', { class: 'heading' }, element('h3', {}, title), this.#summary), this.#svg);
    this.#svg.setAttribute('aria-label', title);
    new ResizeObserver(([entry]) => {
      this.#width = entry?.contentRect.width ?? 0;
      setAttributes(this.#svg, { width: this.#width, viewBox: `0 0 ${this.#width} ${HEIGHT}` });
      if (this.#model !== null) this.#draw(this.#model);
    }).observe(host);
  }

  /** Returns the end of the axis, and the summary above the plot. */
  protected abstract measure(detail: Detail, since: number): { readonly max: number; readonly words: string };
  protected abstract plot(detail: Detail | null, span: Span, x: Scale, y: Scale): void;

  draw(model: Model, news: News): void {
    this.#model = model;
    if (news.detail || news.selection || news.totals) this.#draw(model);
  }

  #draw({ detail, selected, now }: Model): void {
    this.#host.hidden = selected === null || (detail !== null && detail.live === null);
    if (this.#width === 0 || this.#host.hidden) return;
    // The time axis moves on without messages of the shard.
    const span = { since: now - PLOTTED_MS, now };
    const { max, words } = detail === null ? { max: LOWEST_END, words: '' } : this.measure(detail, span.since);
    const right = this.#width - PADDING.right;
    const x = scale([span.since, now], [PADDING.left, right]);
    const y = scale([0, max], [HEIGHT - PADDING.bottom, PADDING.top]);
    setText(this.#summary, words);
    this.#drawAxis(max, right);
    this.plot(detail, span, x, y);
  }

  #drawAxis(max: number, right: number): void {
    const key = `${max} ${right}`;
    if (key === this.#axisOf) return;
    this.#axisOf = key;
    const x = scale([PLOTTED_MS, 0], [PADDING.left, right]);
    const y = scale([0, max], [HEIGHT - PADDING.bottom, PADDING.top]);
    this.#axis.replaceChildren(
      ...[0, max / 2, max].flatMap((value) => [
        drawing('line', { class: 'tick', x1: PADDING.left, x2: right, y1: y(value), y2: y(value) }),
        drawing('text', { x: PADDING.left - 6, y: y(value) + 4, 'text-anchor': 'end' }, showCount(value)),
      ]),
      ...TICKS_MS.map((ago) =>
        drawing(
          'text',
          { x: x(ago), y: HEIGHT - 3, 'text-anchor': ago === 0 ? 'end' : 'middle' },
          ago === 0 ? 'now' : `−${ago / 60_000} min`,
        ),
      ),
    );
  }
}

/** Time from each heartbeat to its ack. */
export class LatencyPlot extends Plot {
  readonly #line: SVGElement;
  readonly #dots: SVGElement;

  constructor(host: HTMLElement) {
    const line = drawing('path', { class: 'line' });
    const dots = drawing('path', { class: 'dots' });
    super(host, 'Heartbeat latency', [line, dots]);
    this.#line = line;
    this.#dots = dots;
  }

  protected measure({ latencies }: Detail, since: number) {
    const summary = summarize(latencies.filter(([at]) => at >= since).map(([, latency]) => latency));
    if (summary === null) return { max: 100, words: latencies.length === 0 ? 'no ack yet' : 'no ack lately' };
    const { min, mean, max } = summary;
    return {
      max: niceCeiling(Math.max(LOWEST_END, max * 1.05)),
      words: `min ${Math.round(min)} · mean ${Math.round(mean)} · max ${Math.round(max)} ms`,
    };
  }

  protected plot(detail: Detail | null, { since }: Span, x: Scale, y: Scale): void {
    const shown = (detail?.latencies ?? []).filter(([at]) => at >= since);
    const points = shown.map(([at, latency]) => [x(at), y(latency)] as const);
    this.#line.setAttribute('d', linePath(points));
    // A path of length 0 with round caps draws a dot.
    this.#dots.setAttribute('d', points.map((point) => `${linePath([point])}h0`).join(''));
  }
}

/** Sends that the bucket has left, and sends that wait. */
export class BucketPlot extends Plot {
  readonly #area: SVGElement;
  readonly #line: SVGElement;
  readonly #queue: SVGElement;

  constructor(host: HTMLElement) {
    const area = drawing('path', { class: 'area' });
    const line = drawing('path', { class: 'line' });
    const queue = drawing('path', { class: 'queue' });
    super(host, 'Send bucket', [area, line, queue]);
    this.#area = area;
    this.#line = line;
    this.#queue = queue;
  }

  protected measure({ live, bucket }: Detail) {
    const capacity = live?.bucket.capacity ?? 0;
    const most = Math.max(
      ...bucket.map(({ available, waiting }) => Math.max(available, waiting)),
      capacity,
      LOWEST_END,
    );
    const waiting = live === null || live.queue.size === 0 ? '' : ` · ${showCount(live.queue.size)} waiting`;
    const words = capacity === 0 ? 'closed until Connected' : `${live?.bucket.available} of ${capacity} left${waiting}`;
    return { max: most, words };
  }

  protected plot(detail: Detail | null, { since, now }: Span, x: Scale, y: Scale): void {
    const known = detail?.bucket ?? [];
    // Includes the last sample before the range, whose value holds at its beginning.
    const shown = known.slice(
      Math.max(
        0,
        known.findLastIndex(({ at }) => at <= since),
      ),
    );
    const last = shown.at(-1);
    const samples = last === undefined ? [] : [...shown, { ...last, at: now }];
    const along = (value: (sample: BucketSample) => number) =>
      samples.map((sample) => [x(Math.max(since, sample.at)), y(value(sample))] as const);
    const available = along((sample) => sample.available);
    this.#area.setAttribute('d', areaPath(available, y(0)));
    this.#line.setAttribute('d', stepPath(available));
    const isQueued = samples.some(({ waiting }) => waiting > 0);
    this.#queue.setAttribute('d', isQueued ? stepPath(along(({ waiting }) => waiting)) : '');
  }
}
