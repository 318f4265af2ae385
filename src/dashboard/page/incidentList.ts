import type { Incident } from '../messages.js';
import { element, setText } from './dom.js';
import { actionNames, describeOutcome, describeShards } from './incidentWords.js';
import type { Model, News } from './model.js';
import type { View } from './view.js';
import { describeCause, showMoment } from './words.js';

interface Row {
  readonly item: HTMLLIElement;
  readonly button: HTMLButtonElement;
  readonly time: HTMLElement;
  readonly shards: HTMLElement;
  readonly outcome: HTMLElement;
  readonly cause: HTMLElement;
  readonly tag: HTMLElement;
  shown: Incident | null;
}

/** The list of incidents: time, shards, cause and outcome. Open ones first, then the newest. */
export class IncidentList implements View {
  readonly #list = element('ol', { class: 'incidents' });
  readonly #none = element('p', { class: 'none' }, 'No shard has lost its connection.');
  readonly #rows = new Map<number, Row>();
  readonly #choose: (incident: Incident) => void;
  /** Day that the times were formatted for. */
  #day = '';

  constructor(host: HTMLElement, choose: (incident: Incident) => void) {
    this.#choose = choose;
    host.append(this.#none, this.#list);
  }

  draw({ incidents, now }: Model, { fleet, incidents: isNew, totals }: News): void {
    const day = totals ? new Date(now).toDateString() : this.#day;
    const isNewDay = day !== this.#day;
    if (!fleet && !isNew && !isNewDay) return;
    this.#day = day;
    for (const [id, { item }] of this.#rows) {
      if (incidents.has(id)) continue;
      item.remove();
      this.#rows.delete(id);
    }
    let at = this.#list.firstElementChild;
    for (const incident of inOrder(incidents)) {
      const row = this.#rows.get(incident.id) ?? this.#add(incident);
      if (row.shown !== incident || isNewDay) drawRow(row, incident, now);
      // Only items out of place are moved: moving an item takes the focus from it.
      if (row.item === at) at = at.nextElementSibling;
      else this.#list.insertBefore(row.item, at);
    }
    this.#none.hidden = incidents.size > 0;
  }

  #add(incident: Incident): Row {
    const time = element('time');
    const shards = element('span', { class: 'who' });
    const outcome = element('span', { class: 'outcome' });
    const cause = element('span', { class: 'why' });
    const tag = element('span', { class: 'tag' });
    const button = element('button', { type: 'button', class: 'incident' }, time, shards, outcome, cause, tag);
    const item = element('li', { 'data-incident': incident.id }, button);
    const row: Row = { item, button, time, shards, outcome, cause, tag, shown: null };
    button.addEventListener('click', () => row.shown !== null && this.#choose(row.shown));
    this.#rows.set(incident.id, row);
    return row;
  }
}

function drawRow(row: Row, incident: Incident, now: number): void {
  row.shown = incident;
  row.button.classList.toggle('open', incident.endedAt === null);
  row.button.dataset['action'] = incident.action;
  setText(row.time, showMoment(incident.at, now));
  setText(row.shards, describeShards(incident));
  setText(row.outcome, describeOutcome(incident));
  setText(row.cause, describeCause(incident));
  setText(row.tag, actionNames[incident.action]);
}

const isOpen = ({ endedAt }: Incident) => endedAt === null;

function inOrder(incidents: ReadonlyMap<number, Incident>): readonly Incident[] {
  const newestFirst = [...incidents.values()].toReversed();
  return [...newestFirst.filter(isOpen), ...newestFirst.filter((incident) => !isOpen(incident))];
}
