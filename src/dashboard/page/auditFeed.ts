import type { AuditShard, AuditTimeline, Incident } from '../messages.js';
import type { Feed, Listener } from './feed.js';
import { PlayedLog } from './playedLog.js';
import { Player } from './player.js';

/** As often as a live server tells what has changed. */
const TICK_MS = 100;
/** A page nobody sees has its timers slowed: what was not shown is not passed over for that. */
const MAX_ELAPSED_MS = 1_000;

async function askJson<T>(path: string): Promise<T> {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`The server answered ${answer.status} to ${path}.`);
  return (await answer.json()) as T;
}

/** Loads the log, and puts the bar that plays it into `host`. `show` is told the incidents that are gone to. */
export async function createAuditFeed(
  listener: Listener,
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
