import type { Incident, Setup, ShardKey } from '../messages.js';
import { ChartView } from './chart.js';
import { Chips } from './chips.js';
import { ControlsView } from './controlsView.js';
import { byId, element } from './dom.js';
import { FactsView } from './factsView.js';
import { type Feed, type FeedListener, RETRY_MS } from './feed.js';
import { FindField } from './findField.js';
import { Grid } from './grid.js';
import { HeaderView } from './headerView.js';
import { IncidentList } from './incidentList.js';
import { isCalm, isWide } from './layout.js';
import { LiveFeed } from './liveFeed.js';
import { Model, isInService } from './model.js';
import { BucketPlot, LatencyPlot } from './plots.js';
import { QueueView } from './queueView.js';
import { StepList } from './stepList.js';
import { Strip } from './strip.js';
import type { View } from './view.js';

/** Retries until the server answers: it may be starting. */
async function askSetup(): Promise<Setup> {
  for (;;) {
    const answer = await fetch('/setup').catch(() => null);
    if (answer?.ok === true) return (await answer.json()) as Setup;
    byId('loading').textContent = 'The server does not answer. Trying again…';
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

async function feedOf(setup: Setup, listener: FeedListener, show: (incident: Incident) => void): Promise<Feed> {
  if (setup.source === 'live') return new LiveFeed(listener);
  const { createAuditFeed } = await import('./auditFeed.js');
  return createAuditFeed(listener, byId('player'), show);
}

/** Scrolls to the shard that the viewer chose, where the panels are stacked. */
function bringIntoView(): void {
  if (isWide.matches) return;
  document.querySelector('.shard')?.scrollIntoView({ behavior: isCalm.matches ? 'instant' : 'smooth' });
}

const keyInAddress = (): ShardKey | null => new URLSearchParams(location.hash.slice(1)).get('shard');

async function start(): Promise<void> {
  const setup = await askSetup();
  document.documentElement.dataset['source'] = setup.source;
  let feed: Feed | null = null;
  let isAwaited = false;
  const model = new Model(setup, () => {
    // A hidden page draws nothing. Edges taken while hidden must not flash later.
    if (document.hidden) model.detail?.takeEdges();
    if (isAwaited) return;
    isAwaited = true;
    requestAnimationFrame(draw);
  });
  const select = (key: ShardKey): void => {
    model.select(key);
    feed?.select(key);
    history.replaceState(null, '', `#${new URLSearchParams({ shard: key })}`);
  };
  const choose = (key: ShardKey): void => {
    select(key);
    bringIntoView();
  };
  /** Shows an incident: seeks its time where the feed can, and selects one of its shards. */
  const show = (incident: Incident): void => {
    feed?.seek?.(incident.at);
    const key = model.shardOf(incident);
    if (key !== null) select(key);
  };
  const chooseIncident = (incident: Incident): void => {
    show(incident);
    bringIntoView();
  };
  const grids = [
    new Grid(byId('grid'), { choose, label: 'Shards', isOf: isInService, share: 0.45 }),
    new Grid(byId('otherGrid'), {
      choose,
      label: 'Shards of the other set',
      isOf: (key) => !isInService(key),
      share: 0.15,
    }),
  ];
  const strip = new Strip(byId('strip'), chooseIncident);
  const views: readonly View[] = [
    new HeaderView(setup),
    new Chips(byId('chips'), setup, (shown) => grids.forEach((grid) => grid.filter(shown))),
    new QueueView(byId('queue')),
    new FindField(byId('find'), choose),
    ...grids,
    strip,
    new IncidentList(byId('incidents'), chooseIncident),
    new FactsView(byId('facts')),
    new ControlsView(byId('controls'), setup),
    new ChartView(byId('chart'), setup),
    new LatencyPlot(byId('latency')),
    new BucketPlot(byId('bucket')),
    new StepList(byId('steps')),
  ];

  function draw(): void {
    isAwaited = false;
    const first = model.selected === null && model.shards.size > 0 ? firstKey() : null;
    if (first !== null) select(first);
    document.documentElement.classList.toggle('waiting', model.isWaiting);
    document.documentElement.classList.toggle('empty', model.shards.size === 0);
    document.documentElement.classList.toggle('unselected', model.selected === null);
    const news = model.takeNews();
    for (const view of views) view.draw(model, news);
  }
  function firstKey(): ShardKey | null {
    const key = keyInAddress();
    return key !== null && model.shards.has(key) ? key : model.firstToShow();
  }

  addEventListener('hashchange', () => {
    const key = keyInAddress();
    if (key !== null && model.shards.has(key)) select(key);
  });
  feed = await feedOf(setup, model, show);
  if (feed.lengthMs !== undefined) strip.fit(feed.lengthMs);
  if (model.selected !== null) feed.select(model.selected);
  byId('loading').remove();
  document.documentElement.classList.remove('loading');
}

start().catch((error: unknown) => {
  byId('loading').replaceChildren(
    element('strong', {}, 'The page could not start. '),
    error instanceof Error ? error.message : String(error),
  );
});
