import type { AuditShard, AuditTimeline, Incident } from '../messages.js';
import type { Feed, FeedListener } from './feed.js';
import { PlayedLog } from './playedLog.js';
import { Player } from './player.js';

/** The interval of a live server's changes. */
const TICK_MS = 100;
/** Browsers slow the timers of a hidden page. Longer gaps count as this, so that nothing is skipped unseen. */
const MAX_ELAPSED_MS = 1_000;

async function askJson<T>(path: string): Promise<T> {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`The server answered ${answer.status} to ${path}.`);
  return (await answer.json()) as T;
}

/** Loads the log, and adds the player to `host`. Calls `show` with the incident that the viewer jumps to. */
export async function createAuditFeed(
  listener: FeedListener,
  host: HTMLElement,
  show: (incident: Incident) => void,
): Promise<Feed> {
  const timeline = await askJson<AuditTimeline>('/audit/timeline');
  const feed = new PlayedLog({
    timeline,
    listener,
    ask: (key) => askJson<AuditShard>(`/audit/shards/${encodeURIComponent(key)}`),
  });
  const player = new Player(host, { feed, timeline, show });
  let before = performance.now();
  setInterval(() => {
    const now = performance.now();
    feed.advance(Math.min(now - before, MAX_ELAPSED_MS));
    before = now;
    player.draw();
  }, TICK_MS);
  return feed;
}
