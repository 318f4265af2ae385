import type { Colors, Formatter } from 'picocolors/types.js';
import type { Lifecycle } from '../../../machines/lifecycle.js';
import type { TransitionRecord } from '../../shard/events.js';
import type { Decision } from '../../protocol/decision.js';
import type { LineOutput } from './output.js';

/** Colours differ by blue, yellow and grey, never by red against green; the name is always written too. */
const lifecycleColor: Readonly<Record<Lifecycle, keyof Colors>> = {
  Offline: 'gray',
  Connecting: 'reset',
  Identifying: 'magenta',
  Resuming: 'cyan',
  Connected: 'blueBright',
  Disconnected: 'yellow',
};

/** Length of the longest name, Disconnected. */
const STATE_WIDTH = 12;

/** The name of a lifecycle state in its colour, padded to `width`. */
export function showLifecycle(colors: Colors, state: Lifecycle, width = 0): string {
  return paint(colors, state, state.padEnd(width));
}

/** A text in the colour of a lifecycle state. */
export function paint(colors: Colors, state: Lifecycle, text: string): string {
  return (colors[lifecycleColor[state]] as Formatter)(text);
}

/** A character as JSON escapes it. */
export const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/**
 * Makes a foreign text (a gateway's close reason) safe for a terminal: characters that control it, reorder or break a line,
 * or do not show are escaped.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped);
}

/** Seconds with two decimals, padded to a column. */
export function showTime(ms: number): string {
  return `${(ms / 1_000).toFixed(2)}s`.padStart(7);
}

/** Shows times as the time since a start. */
export function sinceStart(startedAt: number): (at: number) => string {
  return (at) => showTime(at - startedAt);
}

/** A transition record. In a log one shard id may have several lives. */
type PrintedRecord = TransitionRecord & { readonly life?: number };

/** Writes transitions as aligned lines: time, shard, states, reason, and what follows. */
export class TransitionPrinter {
  readonly #output: LineOutput;
  readonly #showAt: (at: number) => string;
  /** Last decision of each shard, or of each life in an audit log. */
  readonly #decisions = new Map<string, Decision>();
  /** Length of the longest shard id so far. */
  #idWidth = 1;

  /** `showAt` must return texts of equal length: they form a column. */
  constructor(output: LineOutput, showAt: (at: number) => string) {
    this.#output = output;
    this.#showAt = showAt;
  }

  print(record: PrintedRecord): void {
    const { colors, columns } = this.#output;
    const { at, shardId, from, to } = record;
    const arrow = `${showLifecycle(colors, from, STATE_WIDTH)} -> ${showLifecycle(colors, to, STATE_WIDTH)}`;
    const time = this.#showAt(at);
    this.#idWidth = Math.max(this.#idWidth, String(shardId).length);
    const shard = `shard ${String(shardId).padEnd(this.#idWidth)}`;
    const indent = time.length + shard.length + 2 * STATE_WIDTH + 10;
    const [first = '', ...rest] = fill(this.#why(record).map(printable), columns - indent);
    this.#output.line(`${colors.dim(time)}  ${shard}  ${arrow}  ${first}`.trimEnd());
    for (const line of rest) this.#output.line(' '.repeat(indent) + colors.dim(line));
    this.pass(record);
  }

  /** Remembers a record that is not printed: the next one may follow from its decision. */
  pass(record: PrintedRecord): void {
    if (record.decision !== null) this.#decisions.set(lifeOf(record), record.decision);
  }

  #why(record: PrintedRecord): string[] {
    const { event, decision } = record;
    if (decision !== null) return [decision.reason, ...consequence(decision)];
    switch (event.type) {
      case 'connect':
        return ['connect requested'];
      case 'gateway.hello':
        return 'heartbeatIntervalMs' in event ? [`HELLO: beats every ${event.heartbeatIntervalMs} ms`] : ['HELLO'];
      case 'gateway.ready':
        return 'session' in event ? [`READY: session ${String(event.session?.id).slice(0, 8)}`] : ['READY'];
      case 'gateway.resumed':
        return 'sequence' in event ? [`RESUMED: sequence ${event.sequence}`] : ['RESUMED'];
      case 'socket.closed':
        return ['socket closed'];
      default:
        return event.type.startsWith('xstate.after.') ? [waited(this.#decisions.get(lifeOf(record)))] : [event.type];
    }
  }
}

const lifeOf = ({ shardId, life = 0 }: PrintedRecord): string => `${shardId} ${life}`;

function waited(decision: Decision | undefined): string {
  if (decision?.action === 'resume') return 'to the resume URL';
  return decision?.action === 'identify' ? 'to the first URL' : 'waited long enough';
}

/** The consequence of a decision, in the chart's words. */
function consequence({ action, code, reason, attempt, delay }: Decision): string[] {
  // The reason begins with the code where the gateway closed.
  const closes = code === null || reason.startsWith(String(code)) ? [] : [`code ${code}`];
  if (action === 'fatal') return [...closes, 'fatal: no reconnect'];
  if (action === 'close') return [...closes, 'stays down'];
  // The decision counts the attempt that follows; readers ask about the one that has ended.
  return [...closes, `${action} in ${delay} ms`, ...(attempt > 1 ? [`after attempt ${attempt - 1}`] : [])];
}

/** Breaks parts into lines: between parts where possible, otherwise between words. */
export function fill(parts: readonly string[], width: number, separator = ' · '): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + separator.length + part.length <= width) {
      lines[lines.length - 1] = last + separator + part;
    } else lines.push(...wrap(part, width));
  }
  return lines;
}

/** Breaks a text into lines between words. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** `label: value` lines, aligned at the colon. */
export function labelled(entries: Readonly<Record<string, string | number>>): string[] {
  const width = Math.max(...Object.keys(entries).map((label) => label.length));
  return Object.entries(entries).map(([label, value]) => `${label.padStart(width)}: ${value}`);
}
