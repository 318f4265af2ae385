import type { Frame } from './conversion.js';

interface ShownActor {
  readonly rootId: string;
  readonly actor: string;
  snapshot: string | null;
}

const MAX_RECENT = 200;
const MAX_RECENT_LENGTH = 2_097_152;

/** Messages that a late viewer gets first: every actor's chart and last snapshot, then the last 200 events and snapshots. */
export class Backlog {
  readonly #actors = new Map<string, ShownActor>();
  #recent: Frame[] = [];
  #recentLength = 0;

  add(frame: Frame): void {
    const { kind, sessionId, rootId, text } = frame;
    if (kind === 'actor') {
      this.#actors.set(sessionId, { rootId, actor: text, snapshot: null });
      return;
    }
    const shown = this.#actors.get(sessionId);
    if (shown === undefined) return;
    if (kind === 'snapshot') shown.snapshot = text;
    this.#recent.push(frame);
    this.#recentLength += text.length;
    while (this.#recent.length > MAX_RECENT || this.#recentLength > MAX_RECENT_LENGTH) {
      this.#recentLength -= this.#recent.shift()?.text.length ?? 0;
    }
  }

  forget(sessionId: string): void {
    this.#actors.delete(sessionId);
    this.#forgetRecent();
  }

  /** Forgets a shard's actor and its descendants. */
  forgetAll(rootId: string): void {
    for (const [sessionId, shown] of this.#actors) if (shown.rootId === rootId) this.#actors.delete(sessionId);
    this.#forgetRecent();
  }

  texts(): string[] {
    const actors = [...this.#actors.values()].flatMap(({ actor, snapshot }) =>
      snapshot === null ? [actor] : [actor, snapshot],
    );
    return [...actors, ...this.#recent.map(({ text }) => text)];
  }

  /** An actor's events are useless without its chart: they go with it. */
  #forgetRecent(): void {
    this.#recent = this.#recent.filter(({ sessionId }) => this.#actors.has(sessionId));
    this.#recentLength = this.#recent.reduce((length, { text }) => length + text.length, 0);
  }
}
