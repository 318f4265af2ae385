import type { Totals } from '../messages.js';
import { element, setAttributes, setText } from './dom.js';
import type { Model, News } from './model.js';
import type { View } from './view.js';
import { many, showCount, showDue, showSpan } from './words.js';

/** The day's remaining identifies, and the shards that wait for one. */
export class QueueView implements View {
  readonly #host: HTMLElement;
  readonly #bar = element('span', { class: 'fill' });
  readonly #meter = element(
    'span',
    { class: 'meter', role: 'meter', 'aria-label': 'Identifies left', 'aria-valuemin': 0 },
    this.#bar,
  );
  readonly #left = element('span', { class: 'left' });
  readonly #waiting = element('span', { class: 'waits' });

  constructor(host: HTMLElement) {
    this.#host = host;
    host.append(this.#meter, element('span', { class: 'lines' }, this.#left, this.#waiting));
  }

  draw({ figures: { identifies }, now }: Model, { totals }: News): void {
    if (!totals) return;
    this.#host.hidden = identifies === null;
    if (identifies === null) return;
    const { total, remaining, reserve } = identifies;
    const isKnown = total !== null && remaining !== null;
    this.#meter.hidden = !isKnown;
    if (isKnown) {
      const share = total === 0 ? 0 : remaining / total;
      this.#bar.style.width = `${share * 100}%`;
      this.#host.classList.toggle('low', share < LOW_SHARE);
      this.#host.classList.toggle('spent', remaining <= reserve);
      setAttributes(this.#meter, { 'aria-valuenow': remaining, 'aria-valuemax': total });
    }
    setText(this.#left, describeBudget(identifies));
    setText(this.#waiting, describeQueue(identifies, now));
  }
}

const LOW_SHARE = 0.1;

type Identifies = NonNullable<Totals['identifies']>;

function describeBudget({ total, remaining, reserve }: Identifies): string {
  if (total === null || remaining === null) return 'identifies are not counted yet';
  const reserved = reserve === 0 ? '' : `, ${showCount(reserve)} reserved`;
  return `${showCount(remaining)} of ${showCount(total)} identifies left${reserved}`;
}

function describeQueue({ waiting, nextAt, remaining, reserve, resetAt }: Identifies, now: number): string {
  const due = resetAt === null ? null : showDue(resetAt, now);
  if (waiting === 0) return due === null ? '' : `renewed ${due}`;
  const who = `${many(waiting, 'shard')} wait${waiting === 1 ? 's' : ''}`;
  if (due !== null && remaining !== null && remaining <= reserve) return `${who} until ${due}`;
  if (nextAt === null) return who;
  return `${who}, next ${nextAt <= now ? 'now' : `in ${showSpan(Math.ceil((nextAt - now) / SECOND_MS) * SECOND_MS)}`}`;
}

const SECOND_MS = 1_000;
