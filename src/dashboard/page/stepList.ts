import type { StepView } from '../messages.js';
import { type Detail, KEPT_STEPS } from './detail.js';
import { element, swatch } from './dom.js';
import type { Model, News } from './model.js';
import { letters } from './states.js';
import type { View } from './view.js';
import { describeCause, describeDecision, describeEvent, showDay, showExactMoment } from './words.js';

/** Transitions of the selected shard, newest first, with their decisions. */
export class StepList implements View {
  readonly #list = element('ol', { class: 'steps' });
  readonly #none = element('p', { class: 'none' }, 'No transition yet.');
  #drawn: Detail | null = null;
  /** Day that the times were formatted for. */
  #day = '';
  #count = 0;

  constructor(host: HTMLElement) {
    host.append(this.#none, this.#list);
  }

  draw(model: Model, { detail: hasDetail, selection }: News): void {
    const { detail } = model;
    if (!hasDetail && !selection) return;
    const day = showDay(model.now);
    if (detail !== this.#drawn || day !== this.#day) {
      this.#list.replaceChildren();
      this.#drawn = detail;
      this.#day = day;
      this.#count = 0;
    }
    const added = (detail?.stepCount ?? 0) - this.#count;
    this.#count += added;
    const steps = added === 0 ? [] : (detail?.steps.slice(-added) ?? []);
    if (steps.length > 0) this.#list.prepend(...steps.toReversed().map((step) => rowOf(model, step)));
    while (this.#list.childElementCount > KEPT_STEPS) this.#list.lastElementChild?.remove();
    this.#none.hidden = this.#count > 0;
  }
}

function rowOf(model: Model, { at, from, to, event, decision }: StepView): HTMLElement {
  const [before, after] = [model.nameOf(from), model.nameOf(to)];
  return element(
    'li',
    {},
    element('time', {}, showExactMoment(at, model.now)),
    element(
      'span',
      { class: 'move' },
      element('span', { class: 'from' }, swatch(before, letters[before]), before),
      element(
        'span',
        { class: 'to' },
        element('span', { class: 'arrow', 'aria-label': 'to' }, '→'),
        swatch(after, letters[after]),
        after,
      ),
    ),
    element('span', { class: 'event' }, describeEvent(event)),
    decision === null
      ? null
      : element(
          'span',
          { class: 'decision', 'data-action': decision.action },
          element('strong', {}, describeDecision(decision)),
          element('span', { class: 'why' }, describeCause(decision)),
        ),
  );
}
