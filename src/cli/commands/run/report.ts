import { createColors } from 'picocolors';
import type { TransitionRecord } from '../../../shard/events.js';
import { printable, sinceStart, TransitionPrinter, wrap } from '../../terminal/format.js';
import { createOutput, isTerminal, type LineOutput, type Output, writeJson } from '../../terminal/output.js';
import { createScreen, type Screen } from '../../terminal/screen.js';
import { isRefusal, isStartFailure } from './bot.js';
import { Moments } from './moments.js';
import { drawTable } from './table.js';
import type { FleetView } from './fleetView.js';
import { describeMoment, type Moment, summary } from './words.js';

type Level = 'warn' | 'error';

/** A place where the shards' doings are written. */
interface Channel {
  log(level: Level, message: string): void;
  transition(record: TransitionRecord, isCrowd: boolean): void;
  /** Receives a view several times a second; `moment` is set where it deserves a line. */
  update(view: FleetView, moment: Moment | null): void;
  end(): void;
}

/** Above this many shards single transitions scroll by too fast to be read. */
const CROWD = 16;
const KEPT_TRANSITIONS = 5;

/** Moments that stay in the scrollback of a terminal. */
const LASTING: ReadonlySet<Moment> = new Set<Moment>(['up', 'exhausted', 'renewed']);

/** Lines of JSON for programs. */
class JsonLines implements Channel {
  log(level: Level, message: string): void {
    writeJson(process.stderr, { level, message });
  }

  transition(record: TransitionRecord): void {
    writeJson(process.stderr, record);
  }

  update({ at, state, total, here, counts, progress, identifies }: FleetView, moment: Moment | null): void {
    if (moment === null) return;
    writeJson(process.stderr, { status: { at, moment, state, total, here, counts, progress, identifies } });
  }

  end(): void {}
}

/** Lines for people; on a terminal a status line stays below them. */
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

  update(view: FleetView, moment: Moment | null): void {
    if (moment !== null && !this.#isTerminal) this.#output.line(describeMoment(moment, view));
    else printMoment(this.#output, moment, view);
    this.#output.status(summary(view));
  }

  end(): void {
    this.#output.status(null);
  }
}

/** A table in place, with lines above it where stderr is a terminal; otherwise the lines go to stderr. */
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
    const kept: LineOutput = { colors: createColors(false), columns: Infinity, line: keep };
    this.#recentPrinter = new TransitionPrinter(kept, showAt);
  }

  log(level: Level, message: string): void {
    if (this.#scrolls) printLog(this.#screen, level, message);
  }

  transition(record: TransitionRecord, isCrowd: boolean): void {
    if (isCrowd) this.#recentPrinter.print(record);
    else if (this.#scrolls) this.#printer.print(record);
  }

  update(view: FleetView, moment: Moment | null): void {
    if (this.#scrolls) printMoment(this.#screen, moment, view);
    const { colors, size } = this.#screen;
    this.#screen.below(drawTable(view, this.#recent, { colors, ...size }));
  }

  end(): void {
    this.#screen.end();
  }
}

/** Prints on a terminal only what neither the status line nor the table shows. */
function printMoment({ columns, line }: LineOutput, moment: Moment | null, view: FleetView): void {
  if (moment === null || !LASTING.has(moment)) return;
  for (const text of wrap(describeMoment(moment, view), columns - 1)) line(text);
}

function printLog({ colors, line }: LineOutput, level: Level, message: string): void {
  line(level === 'error' ? colors.bold(printable(message)) : printable(message));
}

/** Reports what the shards do: to people, or with `--json` to programs. */
export class Report {
  /** True where dispatches are written to stdout: it shows no table. */
  readonly hasDispatches: boolean;
  /** Logger for the manager. */
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
  /** Highest number of shards so far: a closing manager drops them one by one. */
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

  /** Milliseconds between two views; shorter on a terminal. */
  get everyMs(): number {
    return !this.#isJson && (!this.hasDispatches || isTerminal(process.stderr)) ? 250 : 1_000;
  }

  log(level: Level, message: string): void {
    for (const channel of this.#channels) channel.log(level, message);
  }

  transition(record: TransitionRecord, shards: number): void {
    // An Offline shard that is closed again interests programs only.
    if (record.from === 'Offline' && record.to === 'Offline' && !this.#isJson) return;
    this.#most = Math.max(this.#most, shards);
    for (const channel of this.#channels) channel.transition(record, this.#most > CROWD);
  }

  update(view: FleetView): void {
    const moment = this.#moments.take(view);
    for (const channel of this.#channels) channel.update(view, moment);
  }

  end(): void {
    for (const channel of this.#channels) channel.end();
  }

  #warned(message: string): void {
    // For people the moment `exhausted` reports it, with the number of waiting shards.
    if (!this.#isJson && message.startsWith("manager: the day's identifies are spent")) return;
    if (!this.#isJson && isStartFailure(message)) return;
    this.log('warn', message);
  }

  /** A program gets the first refusal only, for every shard is refused for the same reason; people get it when all ends. */
  #failed(message: string): void {
    if (isRefusal(message)) {
      if (this.#isRefused || !this.#isJson) return;
      this.#isRefused = true;
    }
    this.log('error', message);
  }
}
