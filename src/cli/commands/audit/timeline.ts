import type { AuditRecord } from '../../../audit/index.js';
import { TransitionPrinter } from '../../terminal/format.js';
import type { Output } from '../../terminal/output.js';
import { type Filter, matches } from './filter.js';
import { startsProcess } from './runs.js';
import type { WallClock } from './time.js';

/** Writes one line for each record that passes the filter, under a heading for its day. */
export class Timeline {
  readonly #output: Output;
  readonly #filter: Filter;
  readonly #clock: WallClock;
  readonly #printer: TransitionPrinter;
  #lastN = 0;
  #lastDay: string | null = null;
  /** Lines to write before the next record. */
  #notes = new Set<string>();

  constructor(output: Output, filter: Filter, clock: WallClock) {
    this.#output = output;
    this.#filter = filter;
    this.#clock = clock;
    this.#printer = new TransitionPrinter(output, (at) => clock.time(at));
  }

  /** Call it with every record of the log, shown or not: a hidden one may explain the next. */
  add(record: AuditRecord): void {
    if (record.n !== 1 && record.n !== this.#lastN + 1 && this.#lastN !== 0)
      this.#notes.add('records are missing here');
    if (startsProcess(record) && this.#lastDay !== null) this.#notes.add('a new process');
    this.#lastN = record.n;
    if (!matches(this.#filter, record)) return this.#printer.pass(record);
    this.#announce(record);
    this.#printer.print(record);
  }

  #announce({ at }: AuditRecord): void {
    const { colors, line } = this.#output;
    const day = this.#clock.day(at);
    if (day !== this.#lastDay) {
      if (this.#lastDay !== null) line();
      line(colors.bold(day));
      this.#lastDay = day;
    }
    for (const note of this.#notes) line(colors.dim(`--- ${note} ---`));
    this.#notes.clear();
  }
}
