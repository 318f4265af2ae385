import type { Shard } from '../../../shard/shard.js';
import { ExitCode } from '../../exitCode.js';
import { fill, labelled, showTime, sinceStart, TransitionPrinter, wrap } from '../../terminal/format.js';
import type { Interrupt } from '../../terminal/interrupt.js';
import type { Output } from '../../terminal/output.js';
import type { Chapter } from './chapters.js';
import { type Check, checkBalance, checkChapter, same, type WireEnd } from './checks.js';
import { createDemoRig, type DemoRig } from './rig.js';
import { StoryInterrupted, StoryStuck, Waiting } from './waiting.js';

/** Limit for all waits together; with the clean-up the demo stays below 30 s. */
const TOTAL_WAIT_MS = 25_000;
const READING_MS = 700;
const STATUS_EVERY_MS = 100;

/**
 * Plays the chapters with two shards on a simulated gateway, checks the expectations of each and prints a summary.
 *
 * @param onShard receives each shard before it connects.
 * @returns the exit code: 1 where an expectation was not met.
 */
export async function playStory(
  chapters: readonly Chapter[],
  output: Output,
  interrupt: Pick<Interrupt, 'isRequested'>,
  onShard: (shard: Shard) => void = () => {},
): Promise<number> {
  const startedAt = Date.now();
  const printer = new TransitionPrinter(output, sinceStart(startedAt));
  const rig = await createDemoRig((record) => printer.print(record), onShard);
  const story = new Story(rig, output, new Waiting(TOTAL_WAIT_MS, interrupt));
  const status = setInterval(() => output.status(statusLine(rig, startedAt)), STATUS_EVERY_MS);
  try {
    await story.play(chapters);
  } catch (error) {
    if (error instanceof StoryInterrupted) return ExitCode.Interrupted;
    if (!(error instanceof StoryStuck)) throw error;
    story.report([{ passed: false, text: error.message }]);
  } finally {
    clearInterval(status);
    output.status(null);
    await rig.close();
  }
  return story.sumUp(startedAt) ? ExitCode.Fine : ExitCode.Failed;
}

const STABLE = { Online: { link: { session: { Connected: 'stable' } } } } as const;

class Story {
  readonly #rig: DemoRig;
  readonly #output: Output;
  readonly #waiting: Waiting;
  readonly #failures: string[] = [];
  #checks = 0;
  #isFinished = false;

  constructor(rig: DemoRig, output: Output, waiting: Waiting) {
    this.#rig = rig;
    this.#output = output;
    this.#waiting = waiting;
  }

  async play(chapters: readonly Chapter[]): Promise<void> {
    this.#introduce();
    await this.#comeUp();
    const stopMessages = this.#rig.startMessages();
    try {
      for (const [index, chapter] of chapters.entries()) await this.#playChapter(chapter, index + 1);
    } finally {
      stopMessages();
    }
    await this.#end();
    this.#isFinished = true;
  }

  report(checks: readonly Check[]): void {
    this.#checks += checks.length;
    const { colors } = this.#output;
    const passed = checks.filter((check) => check.passed).map(({ text }) => text);
    if (passed.length > 0) this.#marked(colors.bold('✓'), passed);
    for (const { text } of checks.filter((check) => !check.passed)) {
      this.#failures.push(text);
      this.#marked(colors.bold(colors.yellow('✗')), [text]);
    }
  }

  /** Writes the summary; true where all expectations were met. */
  sumUp(startedAt: number): boolean {
    const { colors, line } = this.#output;
    const { ledger, records, resumes, simulator } = this.#rig;
    const balance = ledger.balance;
    this.#heading('Summary');
    const figures = {
      transitions: records.filter(({ from, to }) => from !== to).length,
      resumes: resumes.length,
      identifies: simulator.identifies.length,
      'events delivered': balance.delivered,
      lost: balance.lost,
      doubled: balance.doubled,
      time: showTime(Date.now() - startedAt).trim(),
    };
    for (const entry of labelled(figures)) line(`  ${entry}`);
    line();
    if (this.#failures.length === 0 && this.#isFinished) {
      line(colors.bold(`All ${this.#checks} expectations met.`));
      return true;
    }
    line(colors.bold(`${this.#failures.length} of ${this.#checks} expectations not met:`));
    for (const failure of this.#failures) line(`  ✗ ${failure}`);
    return false;
  }

  #introduce(): void {
    const { colors } = this.#output;
    this.#output.line(colors.bold('shardchart demo'));
    this.#text(
      'Two shards on a simulated Discord gateway, compressed with zlib-stream, meet the faults that real bots meet. ' +
        'Each shard receives 20 numbered messages a second, and every message must arrive exactly once. Heartbeat ' +
        'intervals and identify windows are shortened to about a second.',
    );
  }

  async #comeUp(): Promise<void> {
    this.#heading(
      '0. Both shards come up',
      'The gateway allows one IDENTIFY per window. Shard 1 waits for its slot, and already sends heartbeats.',
    );
    await this.#waiting.pause(READING_MS);
    const { shards, records } = this.#rig;
    // The checks below report a shard that did not come up.
    for (const shard of shards) shard.connect().catch(() => {});
    for (const shard of shards) await this.#settled(shard);
    const expected = 'Connecting -> Identifying -> Connected';
    this.report(
      shards.map(({ id }) =>
        same(
          `shard ${id} up`,
          expected,
          records
            .filter(({ shardId }) => shardId === id)
            .map(({ to }) => to)
            .join(' -> '),
        ),
      ),
    );
  }

  async #playChapter(chapter: Chapter, number: number): Promise<void> {
    const { expected, missed, plot, shardId, title } = chapter;
    const { records, resumes, simulator, shards } = this.#rig;
    const shard = shards[shardId as 0 | 1];
    this.#heading(`${number}. ${title}`, plot);
    await this.#waiting.pause(READING_MS);

    const before = { records: records.length, resumes: resumes.length, identifies: simulator.identifies.length };
    const sessionBefore = shard.session?.id ?? null;
    const connection = simulator.sessions.get(sessionBefore ?? '')?.connection ?? 0;
    const own = () => records.slice(before.records).filter((record) => record.shardId === shardId);
    let refusal: string | null = null;
    shard.once('fatal', ({ message }) => (refusal = message));

    chapter.cause(simulator, shardId);
    this.#rig.burst(shardId, missed);
    await this.#waiting.until(`shard ${shardId} to leave Connected`, () => own().some(({ from, to }) => from !== to));
    await this.#settled(shard);
    if (refusal !== null) this.#text(refusal, 'bold');
    this.report(
      checkChapter(expected, {
        path: own()
          .filter(({ from, to }) => from !== to)
          .map(({ to }) => to),
        decision: own().find(({ decision }) => decision !== null)?.decision ?? null,
        wire: this.#wireEnd(connection),
        sessionBefore,
        sessionAfter: shard.session?.id ?? null,
        identifies: simulator.identifies.length - before.identifies,
        replayed: resumes.slice(before.resumes).reduce((sum, { replayed }) => sum + replayed, 0),
      }),
    );
    if (expected.action === 'fatal') await this.#othersLive(shardId);
  }

  /**
   * Waits until a shard is Connected and stable, or Offline. The next connection comes at once only after a stable one.
   */
  async #settled(shard: Shard): Promise<void> {
    await this.#waiting.until(
      `shard ${shard.id} to be Connected and stable`,
      () => shard.state === 'Offline' || shard.actor.getSnapshot().matches(STABLE),
    );
  }

  async #othersLive(fallen: number): Promise<void> {
    const { ledger, shards } = this.#rig;
    for (const { id } of shards.filter((shard) => shard.id !== fallen)) {
      const seen = ledger.latest(id);
      await this.#waiting.until(`shard ${id} to receive more messages`, () => ledger.latest(id) >= seen + 10);
      this.report([{ passed: true, text: `shard ${id} stays up and receives messages` }]);
    }
  }

  async #end(): Promise<void> {
    const { errors, ledger, shards, simulator } = this.#rig;
    this.#heading('The end', 'The remaining shard shuts down cleanly, and the messages are counted.');
    const survivor = shards.find(({ state }) => state === 'Connected');
    const connection = simulator.sessions.get(survivor?.session?.id ?? '')?.connection ?? 0;
    // Messages that are still missing after this count as lost in the balance.
    await this.#waiting.until('the last messages', () => ledger.balance.lost === 0, 3_000).catch(() => {});
    await Promise.all(shards.map((shard) => shard.shutdown()));
    if (survivor !== undefined) {
      await this.#waiting
        .until('the gateway to see the close', () => this.#wireEnd(connection) !== null)
        .catch(() => {});
      const end = this.#wireEnd(connection);
      this.report([
        same('shutdown closed with 1000', 'client 1000', end === null ? 'no close' : `${end.by} ${end.code}`),
      ]);
    }
    this.report(checkBalance(ledger.balance, simulator.violations));
    if (errors.length > 0) this.report(errors.map((text) => ({ passed: false, text })));
  }

  #wireEnd(id: number): WireEnd | null {
    const connection = this.#rig.simulator.connections[id - 1];
    if (connection === undefined || connection.closedBy === null) return null;
    return { by: connection.closedBy, code: connection.closeCode ?? connection.gatewayCloseCode };
  }

  #heading(title: string, plot?: string): void {
    const { colors, line } = this.#output;
    line();
    line(colors.bold(title));
    if (plot !== undefined) this.#text(plot);
  }

  #marked(mark: string, texts: readonly string[]): void {
    const { columns, line } = this.#output;
    const [first = '', ...rest] = fill(texts, columns - 11);
    line(`         ${mark} ${first}`);
    for (const row of rest) line(`           ${row}`);
  }

  #text(text: string, style: 'bold' | 'dim' = 'dim'): void {
    const { colors, columns, line } = this.#output;
    for (const row of wrap(text, columns - 3)) line(`   ${colors[style](row)}`);
  }
}

function statusLine({ ledger, shards }: DemoRig, startedAt: number): string {
  const { owed, delivered } = ledger.balance;
  const states = shards.map((shard) => `shard ${shard.id} ${shard.state.padEnd(12)}`);
  return `${showTime(Date.now() - startedAt)}  ${states.join('  ')}  ${delivered} of ${owed} messages`;
}
