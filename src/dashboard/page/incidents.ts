import type { Incident, ShardKey } from '../protocol.js';
import { element, setText } from './dom.js';
import { actionNames, describeOutcome, describeShards } from './incidentWords.js';
import type { Model, News } from './model.js';
import type { View } from './view.js';
import { describeCause, showMoment } from './words.js';

interface Row {
  readonly item: HTMLLIElement;
  readonly button: HTMLButtonElement;
  readonly shards: HTMLElement;
  readonly outcome: HTMLElement;
  told: Incident;
}

/** The incidents, newest first: when, whom, why, and how it went on. */
export class IncidentList implements View {
  readonly #list = element('ol', { class: 'incidents' });
  readonly #none = element('p', { class: 'none' }, 'No shard has lost its connection.');
  readonly #rows = new Map<number, Row>();
  readonly #select: (key: ShardKey) => void;

  constructor(host: HTMLElement, select: (key: ShardKey) => void) {
    this.#select = select;
    host.append(this.#none, this.#list);
  }

  draw({ incidents, now }: Model, news: News): void {
    if (!news.fleet && !news.incidents) return;
    for (const [id, { item }] of this.#rows) {
      if (incidents.has(id)) continue;
      item.remove();
      this.#rows.delete(id);
    }
    for (const incident of incidents.values()) {
      const row = this.#rows.get(incident.id);
      if (row === undefined) this.#add(incident, now);
      else if (row.told !== incident) tell(row, incident);
    }
    this.#none.hidden = incidents.size > 0;
  }

  #add(incident: Incident, now: number): void {
    const shards = element('span', { class: 'who' });
    const outcome = element('span', { class: 'outcome' });
    const button = element(
      'button',
      { type: 'button', class: 'incident', 'data-action': incident.action },
      element('time', {}, showMoment(incident.at, now)),
      shards,
      outcome,
      element('span', { class: 'why' }, describeCause(incident)),
      element('span', { class: 'tag' }, actionNames[incident.action]),
    );
    const row: Row = {
      item: element('li', { 'data-incident': incident.id }, button),
      button,
      shards,
      outcome,
      told: incident,
    };
    button.addEventListener('click', () => {
      const first = row.told.ids[0];
      if (first !== undefined) this.#select(String(first));
    });
    this.#rows.set(incident.id, row);
    tell(row, incident);
    // Mostly the newest; a log that is wound back may bring older ones.
    const items = [...this.#list.querySelectorAll<HTMLLIElement>('li')];
    const older = items.find((item) => Number(item.dataset['incident']) < incident.id);
    this.#list.insertBefore(row.item, older ?? null);
  }
}

function tell(row: Row, incident: Incident): void {
  row.told = incident;
  row.button.classList.toggle('open', incident.endedAt === null);
  setText(row.shards, describeShards(incident));
  setText(row.outcome, describeOutcome(incident));
}
