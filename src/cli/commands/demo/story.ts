import type { Shard } from '../../../shard/shard.js';
import { ExitCode } from '../../exitCode.js';
import { fill, labelled, showTime, sinceStart, TransitionPrinter, wrap } from '../../terminal/format.js';
import type { Interrupt } from '../../terminal/interrupt.js';
import type { Output } from '../../terminal/output.js';
import type { Chapter } from './chapters.js';
import { type Check, checkBalance, checkChapter, same, type WireEnd } from './checks.js';
import { createStage, type Stage } from './rig.js';
import { StoryInterrupted, StoryStuck, Waiting } from './waiting.js';

/** All waits together; with the clean-up the demo stays below 30 s. */
const TOTAL_WAIT_MS = 25_000;
const READING_MS = 700;
const STATUS_EVERY_MS = 100;

/**
 * Plays the chapters with two shards on a simulated gateway, checks what each promises and sums up.
 *
 * @param onShard is given each shard before it goes up.
 * @returns the exit code: 1 if anything went differently.
 */
export async function tellStory(
  chapters: readonly Chapter[],
  output: Output,
  interrupt: Pick<Interrupt, 'isRequested'>,
  onShard: (shard: Shard) => void = () => {},
): Promise<number> {
  const startedAt = Date.now();
  const printer = new TransitionPrinter(output, sinceStart(startedAt));
  const stage = await createStage((record) => printer.print(record), onShard);
  const story = new Story(stage, output, new Waiting(TOTAL_WAIT_MS, interrupt));
  const status = setInterval(() => output.status(statusLine(stage, startedAt)), STATUS_EVERY_MS);
  try {
    await story.tell(chapters);
  } catch (error) {
    if (error instanceof StoryInterrupted) return ExitCode.Interrupted;
    if (!(error instanceof StoryStuck)) throw error;
    story.report([{ passed: false, text: error.message }]);
  } finally {
    clearInterval(status);
    output.status(null);
    await stage.close();
  }
  return story.sumUp(startedAt) ? ExitCode.Fine : ExitCode.Failed;
}

const STABLE = { Online: { link: { session: { Connected: 'stable' } } } } as const;

class Story {
  readonly #stage: Stage;
  readonly #output: Output;
  readonly #waiting: Waiting;
  readonly #failures: string[] = [];
  #checks = 0;
  #isTold = false;

  constructor(stage: Stage, output: Output, waiting: Waiting) {
    this.#stage = stage;
    this.#output = output;
    this.#waiting = waiting;
  }

  async tell(chapters: readonly Chapter[]): Promise<void> {
    this.#introduce();
    await this.#comeUp();
    const stopMessages = this.#stage.startMessages();
    try {
      for (const [index, chapter] of chapters.entries()) await this.#play(chapter, index + 1);
    } finally {
      stopMessages();
    }
    await this.#end();
    this.#isTold = true;
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

  /** Writes the summary; true if all went as told. */
  sumUp(startedAt: number): boolean {
    const { colors, line } = this.#output;
    const { ledger, records, resumes, simulator } = this.#stage;
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
    if (this.#failures.length === 0 && this.#isTold) {
      line(colors.bold(`All ${this.#checks} expectations met.`));
      return true;
    }
    line(colors.bold(`The story went differently: ${this.#failures.length} of ${this.#checks} expectations not met.`));
    for (const failure of this.#failures) line(`  ✗ ${failure}`);
    return false;
  }

  #introduce(): void {
    const { colors } = this.#output;
    this.#output.line(colors.bold('shardchart demo'));
    this.#text(
      'Two shards on a simulated Discord gateway, compressed with zlib-stream, meet what real bots meet. Numbered ' +
        'messages flow to each, 20 a second, and each must arrive exactly once. Heartbeats and identify windows are ' +
        'shortened to about a second.',
    );
  }

  async #comeUp(): Promise<void> {
    this.#heading(
      '0. Both shards come up',
      'One IDENTIFY a window: shard 1 waits for its slot, its heart already beating.',
    );
    await this.#waiting.pause(READING_MS);
    const { shards, records } = this.#stage;
    // Whether they came up is what the checks say; a rejection would say it a second time.
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

  async #play(chapter: Chapter, number: number): Promise<void> {
    const { expected, missed, plot, shardId, title } = chapter;
    const { records, resumes, simulator, shards } = this.#stage;
    const shard = shards[shardId as 0 | 1];
    this.#heading(`${number}. ${title}`, plot);
    await this.#waiting.pause(READING_MS);

    const before = { records: records.length, resumes: resumes.length, identifies: simulator.identifies.length };
    const sessionBefore = shard.session?.id ?? null;
    const connection = simulator.sessions.get(sessionBefore ?? '')?.connection ?? 0;
    const own = () => records.slice(before.records).filter((record) => record.shardId === shardId);
    let refusal: string | null = null;
    shard.once('fatal', ({ message }) => (refusal = message));

    chapter.strike(simulator, shardId);
    this.#stage.burst(shardId, missed);
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

  /** Until a shard is Connected and stable, for only after a stable connection the next one comes at once; or Offline. */
  async #settled(shard: Shard): Promise<void> {
    await this.#waiting.until(
      `shard ${shard.id} to be Connected and stable`,
      () => shard.state === 'Offline' || shard.actor.getSnapshot().matches(STABLE),
    );
  }

  async #othersLive(fallen: number): Promise<void> {
    const { ledger, shards } = this.#stage;
    for (const { id } of shards.filter((shard) => shard.id !== fallen)) {
      const seen = ledger.latest(id);
      await this.#waiting.until(`shard ${id} to receive more messages`, () => ledger.latest(id) >= seen + 10);
      this.report([{ passed: true, text: `shard ${id} lives on and receives messages` }]);
    }
  }

  async #end(): Promise<void> {
    const { errors, ledger, shards, simulator } = this.#stage;
    this.#heading('The end', 'What is still up goes down cleanly, and the books are balanced.');
    const survivor = shards.find(({ state }) => state === 'Connected');
    const connection = simulator.sessions.get(survivor?.session?.id ?? '')?.connection ?? 0;
    // What is missing after that is lost, and the balance says so.
    await this.#waiting.until('the last messages', () => ledger.balance.lost === 0, 3_000).catch(() => {});
    await Promise.all(shards.map((shard) => shard.shutdown()));
    if (survivor !== undefined) {
      await this.#waiting
        .until('the gateway to see the close', () => this.#wireEnd(connection) !== null)
        .catch(() => {});
      const { by, code } = this.#wireEnd(connection) ?? { by: 'nobody', code: null };
      this.report([same('shutdown closed with 1000', 'client 1000', `${by} ${code}`)]);
    }
    this.report(checkBalance(ledger.balance, simulator.violations));
    if (errors.length > 0) this.report(errors.map((text) => ({ passed: false, text })));
  }

  #wireEnd(id: number): WireEnd | null {
    const connection = this.#stage.simulator.connections[id - 1];
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

function statusLine({ ledger, shards }: Stage, startedAt: number): string {
  const { owed, delivered } = ledger.balance;
  const states = shards.map((shard) => `shard ${shard.id} ${shard.state.padEnd(12)}`);
  return `${showTime(Date.now() - startedAt)}  ${states.join('  ')}  ${delivered} of ${owed} messages`;
}
