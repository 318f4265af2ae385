import type { Incident } from '../messages.js';
import { drawing, setAttributes } from './dom.js';
import { actionNames, describeIncident } from './incidentWords.js';
import type { Model, News } from './model.js';
import { scale } from './scales.js';
import { LONGEST_MS, shownOf, ticksOf } from './timeAxis.js';
import { Tooltip } from './tooltip.js';
import type { View } from './view.js';
import { showTime } from './words.js';

/** A lane for each kind of decision, so that colours are never the only difference. */
const LANES: readonly Incident['action'][] = ['resume', 'identify', 'fatal'];
const LANE_HEIGHT = 20;
const LABEL_WIDTH = 66;
const AXIS_HEIGHT = 18;
/** Widest character of a tick's label, roughly. */
const CHARACTER_WIDTH = 7;
const HEIGHT = LANES.length * LANE_HEIGHT + AXIS_HEIGHT;
const RADIUS = { least: 3.5, most: 9 } as const;

/** Incidents of the last 15 minutes, or of a whole log that is shorter, in lanes. */
export class Strip implements View {
  readonly #host: HTMLElement;
  readonly #marks = drawing('g');
  /** Marks by incident id. They are reused: a mark replaced ten times a second could not be clicked. */
  readonly #markOf = new Map<number, SVGElement>();
  readonly #ticks = drawing('g', { class: 'axis' });
  readonly #picture = drawing('svg', {
    class: 'plot',
    height: HEIGHT,
    role: 'img',
    'aria-label': 'Latest incidents by time, also in the list below',
  });
  readonly #lanes: readonly SVGElement[];
  readonly #tooltip = new Tooltip();
  #model: Model | null = null;
  #width = 0;
  #shownMs = LONGEST_MS;

  constructor(host: HTMLElement, choose: (incident: Incident) => void) {
    this.#host = host;
    this.#lanes = LANES.map((_, lane) =>
      drawing('line', { class: 'lane', x1: LABEL_WIDTH, y1: middleOf(lane), y2: middleOf(lane) }),
    );
    const labels = LANES.map((action, lane) =>
      drawing('text', { class: 'label', x: 0, y: middleOf(lane) + 4 }, actionNames[action]),
    );
    this.#picture.append(...this.#lanes, ...labels, this.#ticks, this.#marks);
    host.append(this.#picture);
    this.#marks.addEventListener('click', (event) => {
      const incident = this.#incidentAt(event);
      if (incident !== undefined) choose(incident);
    });
    this.#marks.addEventListener('pointerover', (event) => {
      const incident = this.#incidentAt(event);
      if (incident !== undefined && event.pointerType !== 'touch')
        this.#tooltip.show(event.target as Element, [showTime(incident.at), describeIncident(incident)]);
    });
    this.#marks.addEventListener('pointerout', () => this.#tooltip.hide());
    new ResizeObserver(() => this.#resize()).observe(host);
  }

  /** Fits the axis to a log of this length. */
  fit(lengthMs: number): void {
    this.#shownMs = shownOf(lengthMs);
    if (this.#model !== null) this.#draw(this.#model);
  }

  draw(model: Model, { fleet, incidents, totals }: News): void {
    this.#model = model;
    if (fleet || incidents || totals) this.#draw(model);
  }

  #resize(): void {
    this.#width = this.#host.clientWidth;
    setAttributes(this.#picture, { width: this.#width, viewBox: `0 0 ${this.#width} ${HEIGHT}` });
    for (const lane of this.#lanes) setAttributes(lane, { x2: this.#width });
    if (this.#model !== null) this.#draw(this.#model);
  }

  #draw({ now, incidents, shards }: Model): void {
    if (this.#width === 0 || now === 0) return;
    const start = now - this.#shownMs;
    const x = scale([start, now], [LABEL_WIDTH + RADIUS.most, this.#width - RADIUS.most]);
    const shown = [...incidents.values()].filter(({ endedAt, lastAt }) => (endedAt ?? now) >= start && lastAt <= now);
    const ids = new Set(shown.map(({ id }) => id));
    for (const [id, mark] of this.#markOf) {
      if (ids.has(id)) continue;
      mark.remove();
      this.#markOf.delete(id);
    }
    for (const incident of shown) {
      const known = this.#markOf.get(incident.id);
      const mark = known ?? drawing('rect', { class: 'mark', 'data-incident': incident.id });
      this.#markOf.set(incident.id, mark);
      setAttributes(
        mark,
        lookOf(incident, (at) => x(Math.max(at, start)), now, shards.size),
      );
      if (known === undefined) this.#marks.append(mark);
    }
    // Ticks without room for their label are left out.
    const ticks = ticksOf(now, this.#shownMs).filter(({ at, label }) => {
      const half = (label.length * CHARACTER_WIDTH) / 2;
      return x(at) > LABEL_WIDTH + half && x(at) < this.#width - half;
    });
    this.#ticks.replaceChildren(...ticks.map(({ at, label }) => tickAt(x(at), label)));
  }

  #incidentAt({ target }: Event): Incident | undefined {
    const id = target instanceof Element ? target.getAttribute('data-incident') : null;
    return id === null ? undefined : this.#model?.incidents.get(Number(id));
  }
}

const tickAt = (x: number, time: string): SVGElement =>
  drawing(
    'g',
    {},
    drawing('line', { class: 'tick', x1: x, x2: x, y1: 0, y2: HEIGHT - AXIS_HEIGHT }),
    drawing('text', { x, y: HEIGHT - 4, 'text-anchor': 'middle' }, time),
  );

const middleOf = (lane: number): number => lane * LANE_HEIGHT + LANE_HEIGHT / 2;

/**
 * A bar from the incident's start to its end, or to now; a dot where both are close. The area grows with the share of
 * the fleet.
 */
function lookOf({ action, at, endedAt, shards }: Incident, x: (at: number) => number, now: number, fleet: number) {
  const share = Math.sqrt(shards / Math.max(1, fleet));
  const radius = RADIUS.least + (RADIUS.most - RADIUS.least) * Math.min(1, share);
  const from = x(at);
  const to = Math.max(from, x(endedAt ?? now));
  return {
    'data-action': action,
    'data-open': endedAt === null ? '' : null,
    x: from - radius,
    y: middleOf(Math.max(0, LANES.indexOf(action))) - radius,
    width: to - from + 2 * radius,
    height: 2 * radius,
    rx: radius,
  };
}
