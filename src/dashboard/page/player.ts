import type { AuditTimeline, Incident } from '../messages.js';
import { drawing, element, setAttributes, setText } from './dom.js';
import { describeIncident } from './incidentWords.js';
import { marksOf } from './marks.js';
import { SPEEDS } from './playback.js';
import type { PlayedLog } from './playedLog.js';
import { many, showDuration, showTime } from './words.js';

/** Number of places on the slider that marks can have, and the height of the marks. */
const PLACES = 400;
const MARKS_HEIGHT = 20;

/** Playing time that an arrow key and a page key move by. */
const ARROW_STEP_MS = 1_000;
const PAGE_STEP_MS = 10_000;

const ICONS = {
  play: 'M6 4l10 6-10 6z',
  pause: 'M5 4h4v12H5zM11 4h4v12h-4z',
  previousIncident: 'M4 4h2v12H4zM16 4v12l-9-6z',
  nextIncident: 'M14 4h2v12h-2zM4 4v12l9-6z',
  previousStep: 'M13 4v12l-9-6z',
  nextStep: 'M7 4v12l9-6z',
} as const;

export interface PlayerDeps {
  readonly feed: PlayedLog;
  readonly timeline: Pick<AuditTimeline, 'files' | 'skipped'>;
  /** Shows an incident: seeks its time, and selects one of its shards. */
  readonly show: (incident: Incident) => void;
}

/** The bar that plays a log. */
export class Player {
  readonly #feed: PlayedLog;
  readonly #show: PlayerDeps['show'];
  readonly #toggle = iconButton('play', 'Play', () => this.#act(() => this.#feed.toggle()));
  readonly #steps = [
    iconButton('previousStep', 'Previous transition of the selected shard', () => this.#act(() => this.#feed.step(-1))),
    iconButton('nextStep', 'Next transition of the selected shard', () => this.#act(() => this.#feed.step(1))),
  ] as const;
  readonly #incidents = [
    iconButton('previousIncident', 'Previous incident', () => this.#toIncident(-1)),
    iconButton('nextIncident', 'Next incident', () => this.#toIncident(1)),
  ] as const;
  readonly #speeds = SPEEDS.map((speed) =>
    element(
      'button',
      { type: 'button', onclick: () => this.#act(() => (this.#feed.playback.speed = speed)) },
      `${speed}×`,
    ),
  );
  readonly #skips: HTMLButtonElement = element(
    'button',
    {
      type: 'button',
      onclick: () => this.#act(() => (this.#feed.playback.skipsQuiet = !this.#feed.playback.skipsQuiet)),
    },
    'Skip quiet times',
  );
  readonly #slider = element('input', {
    type: 'range',
    class: 'player-slider',
    min: 0,
    step: 'any',
    'aria-label': 'Time',
  });
  readonly #date = element('span', { class: 'player-date' });
  readonly #time = element('time', { class: 'player-time' });
  readonly #note = element('p', { class: 'player-note', role: 'status' });

  constructor(host: HTMLElement, { feed, timeline: { files, skipped }, show }: PlayerDeps) {
    this.#feed = feed;
    this.#show = show;
    const { from, to } = feed.fleet;
    this.#toggle.disabled = from === to;
    setAttributes(this.#slider, { max: Math.max(1, to - from) });
    this.#slider.addEventListener('input', () =>
      this.#act(() => feed.seek(from + Math.round(this.#slider.valueAsNumber))),
    );
    this.#slider.addEventListener('keydown', (event) => this.#slide(event));
    document.addEventListener('keydown', (event) => this.#key(event));
    const [firstStep, lastStep] = this.#steps;
    const [firstIncident, lastIncident] = this.#incidents;
    host.append(
      element(
        'section',
        { class: 'player', 'aria-label': 'Playback' },
        element('div', { class: 'player-buttons' }, firstIncident, firstStep, this.#toggle, lastStep, lastIncident),
        element('p', { class: 'player-now' }, this.#time, this.#date),
        element('div', { class: 'player-track' }, this.#slider, marksPicture(feed)),
        element(
          'div',
          { class: 'player-options' },
          element('div', { class: 'player-speeds', role: 'group', 'aria-label': 'Speed' }, ...this.#speeds),
          this.#skips,
        ),
        element('p', { class: 'player-log' }, describeLog(files, skipped)),
        this.#note,
      ),
    );
    this.draw();
  }

  /** Shows the playback's position. */
  draw(): void {
    const { playback, fleet, skipped } = this.#feed;
    const { position, isPlaying } = playback;
    if (document.activeElement !== this.#slider || isPlaying) this.#slider.value = String(position - fleet.from);
    const [time, date] = [showTime(position), showDate(position)];
    if (this.#time.textContent !== time || this.#date.textContent !== date) {
      setAttributes(this.#slider, { 'aria-valuetext': `${date}, ${time}` });
      setAttributes(this.#time, { datetime: new Date(position).toISOString() });
    }
    setText(this.#time, time);
    setText(this.#date, date);
    this.#drawButtons();
    const atEnd = playback.isAtEnd && fleet.from < fleet.to ? 'End of the log' : '';
    setText(
      this.#note,
      skipped > 0 && isPlaying ? `Skipped ${showDuration(skipped)} in which nothing happened` : atEnd,
    );
  }

  #drawButtons(): void {
    const feed = this.#feed;
    const { speed, isPlaying, skipsQuiet } = feed.playback;
    const label = isPlaying ? 'Pause' : 'Play';
    if (this.#toggle.getAttribute('aria-label') !== label) {
      setAttributes(this.#toggle, { 'aria-label': label, title: `${label} (space)` });
      this.#toggle.replaceChildren(icon(isPlaying ? 'pause' : 'play'));
    }
    this.#speeds.forEach((button, place) => press(button, SPEEDS[place] === speed));
    press(this.#skips, skipsQuiet);
    for (const [place, direction] of [-1, 1].entries()) {
      // Marked as disabled, but not disabled: a disabled button would lose the focus while in use.
      const hasStep = feed.stepBeside(direction as 1 | -1) !== null;
      const incident = feed.incidentBeside(direction as 1 | -1);
      setAttributes(this.#steps[place] as Element, { 'aria-disabled': hasStep ? null : 'true' });
      const name = direction === 1 ? 'Next incident' : 'Previous incident';
      setAttributes(this.#incidents[place] as Element, {
        'aria-disabled': incident === null ? 'true' : null,
        title: incident === null ? name : `${name}: ${describeIncident(incident)}`,
      });
    }
  }

  #act(action: () => void): void {
    action();
    this.draw();
  }

  #toIncident(direction: 1 | -1): void {
    const incident = this.#feed.incidentBeside(direction);
    if (incident === null) return;
    const isOfIt = incident.ids.some((id) => this.#feed.isSelected(String(id)));
    this.#act(() => (isOfIt ? this.#feed.seek(incident.at) : this.#show(incident)));
  }

  /** Slider keys move by playing time. The slider's own steps would be milliseconds or hours. */
  #slide(event: KeyboardEvent): void {
    const { playback } = this.#feed;
    const by: Readonly<Record<string, number>> = {
      ArrowLeft: -ARROW_STEP_MS,
      ArrowDown: -ARROW_STEP_MS,
      ArrowRight: ARROW_STEP_MS,
      ArrowUp: ARROW_STEP_MS,
      PageDown: -PAGE_STEP_MS,
      PageUp: PAGE_STEP_MS,
    };
    const step = by[event.key];
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.#act(() => this.#feed.seek(playback.position + step * playback.speed));
    this.#slider.value = String(playback.position - this.#feed.fleet.from);
  }

  /** Space plays and pauses, unless the focused element uses it. */
  #key(event: KeyboardEvent): void {
    if (event.key !== ' ' || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    const { target } = event;
    if (target instanceof Element && target !== this.#slider && target.closest(TAKES_SPACE) !== null) return;
    event.preventDefault();
    this.#toggle.click();
  }
}

const TAKES_SPACE =
  'button, input, select, textarea, a[href], summary, dialog, [role=option], [role=tab], [tabindex="0"]';

/** Written with the time zone: the log may come from another one. */
const date = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  timeZoneName: 'short',
});
const showDate = (at: number): string => date.format(at);

function describeLog(files: readonly string[], skipped: number): string {
  const [first = '', ...more] = files.map((file) => file.split(/[/\\]/).at(-1) ?? file);
  const names = more.length === 0 ? first : `${first} and ${many(more.length, 'file')} more`;
  return skipped === 0 ? names : `${names} · ${many(skipped, 'line')} left out: not records`;
}

function marksPicture({ fleet }: PlayedLog): SVGElement {
  const bars = marksOf(fleet.incidents, fleet, PLACES).map(({ x, height, action }) =>
    drawing('rect', {
      'data-action': action,
      x: x * PLACES - 0.75,
      y: MARKS_HEIGHT * (1 - height),
      width: 1.5,
      height: MARKS_HEIGHT * height,
    }),
  );
  return drawing(
    'svg',
    {
      class: 'player-marks',
      viewBox: `0 0 ${PLACES} ${MARKS_HEIGHT}`,
      preserveAspectRatio: 'none',
      'aria-hidden': 'true',
    },
    ...bars,
  );
}

function iconButton(name: keyof typeof ICONS, label: string, clicked: () => void): HTMLButtonElement {
  return element(
    'button',
    { type: 'button', class: `player-${name}`, 'aria-label': label, title: label, onclick: clicked },
    icon(name),
  );
}

const icon = (name: keyof typeof ICONS): SVGElement =>
  drawing(
    'svg',
    { viewBox: '0 0 20 20', width: 20, height: 20, 'aria-hidden': 'true' },
    drawing('path', { d: ICONS[name] }),
  );

const press = (button: Element, isPressed: boolean): void => {
  setAttributes(button, { 'aria-pressed': String(isPressed) });
};
