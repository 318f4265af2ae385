import { createColors } from 'picocolors';
import type { TransitionRecord } from '../../../shard/events.js';
import { printable, sinceStart, TransitionPrinter, wrap } from '../../terminal/format.js';
import { createOutput, isTerminal, type Lines, type Output, writeJson } from '../../terminal/output.js';
import { createScreen, type Screen } from '../../terminal/screen.js';
import { Moments } from './moments.js';
import { drawTable } from './table.js';
import type { FleetView } from './fleetView.js';
import { describeMoment, type Moment, summary } from './words.js';

type Level = 'warn' | 'error';

/** Somewhere it is told what the shards do. */
interface Channel {
  log(level: Level, message: string): void;
  transition(record: TransitionRecord, isCrowd: boolean): void;
  /** How it stands, several times a second, and whether this is a moment worth a line. */
  look(view: FleetView, moment: Moment | null): void;
  end(): void;
}

/** Of more shards than that nobody reads the transitions as they scroll by. */
const CROWD = 16;
const KEPT_TRANSITIONS = 5;

/** What one wants to read later, too. */
const LASTING: ReadonlySet<Moment> = new Set<Moment>(['up', 'exhausted', 'renewed']);

/** For programs. */
class JsonLines implements Channel {
  log(level: Level, message: string): void {
    writeJson(process.stderr, { level, message });
  }

  transition(record: TransitionRecord): void {
    writeJson(process.stderr, record);
  }

  look({ at, state, total, here, counts, progress, identifies }: FleetView, moment: Moment | null): void {
    if (moment === null) return;
    writeJson(process.stderr, { status: { at, moment, state, total, here, counts, progress, identifies } });
  }

  end(): void {}
}

/** Lines for people, one after the other: what has happened, and on a terminal below it how it stands. */
class ScrollingLines implements Channel {
  readonly #output: Output;
  readonly #printer: TransitionPrinter;
  readonly #isTerminal: boolean;

  constructor(stream: NodeJS.WriteStream, startedAt: number) {
    this.#output = createOutput(stream);
    this.#isTerminal = isTerminal(stream);
    this.#printer = new TransitionPrinter(this.#output, sinceStart(startedAt));
  }

  log(level: Level, message: string): void {
    printLog(this.#output, level, message);
  }

  transition(record: TransitionRecord): void {
    this.#printer.print(record);
  }

  look(view: FleetView, moment: Moment | null): void {
    if (moment !== null && !this.#isTerminal) this.#output.line(describeMoment(moment, view));
    else printMoment(this.#output, moment, view);
    this.#output.status(summary(view));
  }

  end(): void {
    this.#output.status(null);
  }
}

/** A table in place, and above it what has happened, unless stderr goes elsewhere and has it there. */
class LiveTable implements Channel {
  readonly #screen: Screen;
  readonly #printer: TransitionPrinter;
  readonly #recentPrinter: TransitionPrinter;
  readonly #scrolls: boolean;
  #recent: string[] = [];

  constructor({ startedAt, scrolls }: { startedAt: number; scrolls: boolean }) {
    this.#screen = createScreen(process.stdout);
    this.#scrolls = scrolls;
    const showAt = sinceStart(startedAt);
    this.#printer = new TransitionPrinter(this.#screen, showAt);
    const keep = (text = ''): void => void (this.#recent = [...this.#recent, text].slice(-KEPT_TRANSITIONS));
    const kept: Lines = { colors: createColors(false), columns: Infinity, line: keep };
    this.#recentPrinter = new TransitionPrinter(kept, showAt);
  }

  log(level: Level, message: string): void {
    if (this.#scrolls) printLog(this.#screen, level, message);
  }

  transition(record: TransitionRecord, isCrowd: boolean): void {
    if (isCrowd) this.#recentPrinter.print(record);
    else if (this.#scrolls) this.#printer.print(record);
  }

  look(view: FleetView, moment: Moment | null): void {
    if (this.#scrolls) printMoment(this.#screen, moment, view);
    const { colors, size } = this.#screen;
    this.#screen.below(drawTable(view, this.#recent, { colors, ...size }));
  }

  end(): void {
    this.#screen.end();
  }
}

/** On a terminal: only what stands neither in a status line nor in a table. */
function printMoment({ columns, line }: Lines, moment: Moment | null, view: FleetView): void {
  if (moment === null || !LASTING.has(moment)) return;
  for (const text of wrap(describeMoment(moment, view), columns - 1)) line(text);
}

function printLog({ colors, line }: Lines, level: Level, message: string): void {
  line(level === 'error' ? colors.bold(printable(message)) : printable(message));
}

/** Tells people or, with `--json`, programs what the shards do. */
export class Report {
  /** Whether dispatches are written to stdout: where no table is. */
  readonly hasDispatches: boolean;
  /** For the manager. */
  readonly logger = {
    debug: () => {},
    info: () => {},
    warn: (message: string) => this.#warned(message),
    error: (message: string) => this.#failed(message),
  };
  readonly #channels: readonly Channel[];
  readonly #isJson: boolean;
  readonly #moments = new Moments();
  #isRefused = false;
  /** How many shards there have been: those that go do so one by one. */
  #most = 0;

  constructor({ isJson, startedAt }: { isJson: boolean; startedAt: number }) {
    const isTable = !isJson && isTerminal(process.stdout);
    const scrolls = isTerminal(process.stderr);
    this.hasDispatches = !isTable;
    this.#isJson = isJson;
    if (isJson) this.#channels = [new JsonLines()];
    else if (!isTable) this.#channels = [new ScrollingLines(process.stderr, startedAt)];
    else {
      const table = new LiveTable({ startedAt, scrolls });
      this.#channels = scrolls ? [table] : [table, new ScrollingLines(process.stderr, startedAt)];
    }
  }

  /** Where there is a terminal it is looked at more often. */
  get everyMs(): number {
    return !this.#isJson && (!this.hasDispatches || isTerminal(process.stderr)) ? 250 : 1_000;
  }

  log(level: Level, message: string): void {
    for (const channel of this.#channels) channel.log(level, message);
  }

  transition(record: TransitionRecord, shards: number): void {
    // That a shard which is down is told to stay there is news to programs only.
    if (record.from === 'Offline' && record.to === 'Offline' && !this.#isJson) return;
    this.#most = Math.max(this.#most, shards);
    for (const channel of this.#channels) channel.transition(record, this.#most > CROWD);
  }

  look(view: FleetView): void {
    const moment = this.#moments.take(view);
    for (const channel of this.#channels) channel.look(view, moment);
  }

  end(): void {
    for (const channel of this.#channels) channel.end();
  }

  #warned(message: string): void {
    // For people it is told with how many wait, as soon as that is known.
    if (!this.#isJson && message.startsWith("manager: the day's identifies are spent")) return;
    this.log('warn', message);
  }

  /** What one shard is refused for all are: it is told once. */
  #failed(message: string): void {
    if (message.includes('refused the shard for good')) {
      if (this.#isRefused) return;
      this.#isRefused = true;
    }
    this.log('error', message);
  }
}
