import {
  bucketMachine,
  heartbeatMachine,
  identifyAllowanceMachine,
  identifyQueueMachine,
  managerMachine,
  ownershipMachine,
  shardMachine,
  workerMachine,
} from '../machines/index.js';
import { chartOf, type Chart } from './chart.js';
import { layoutOf } from './layout.js';
import { lifecycleChart } from './lifecycle.js';
import { chartDiagram } from './mermaid.js';
import { svgOf } from './svg.js';

export interface Picture {
  /** Path from the project's root. */
  readonly file: string;
  readonly contents: string;
}

const machines = [
  shardMachine,
  heartbeatMachine,
  bucketMachine,
  identifyAllowanceMachine,
  identifyQueueMachine,
  managerMachine,
  workerMachine,
  ownershipMachine,
] as const;

/** Charts and their titles, by the name of the file. */
export const charts: Readonly<Record<string, { readonly title: string; readonly chart: Chart }>> = {
  lifecycle: {
    title: 'The life of a shard: its six states and the ways between them',
    chart: lifecycleChart(shardMachine),
  },
  shard: { title: "The shard's chart: every state and every transition", chart: chartOf(shardMachine) },
  heartbeat: { title: "The heartbeat's chart", chart: chartOf(heartbeatMachine) },
  bucket: { title: "The send bucket's chart", chart: chartOf(bucketMachine) },
  identifyAllowance: { title: 'The chart of the allowance for identifies', chart: chartOf(identifyAllowanceMachine) },
  identifyQueue: { title: "The identify queue's chart", chart: chartOf(identifyQueueMachine) },
  manager: {
    title: "The manager's chart: how many shards start, change places and stop",
    chart: chartOf(managerMachine),
  },
  worker: { title: "The chart of a fleet's worker", chart: chartOf(workerMachine) },
  ownership: { title: "The chart of a worker's ownership of one shard", chart: chartOf(ownershipMachine) },
};

/** Every generated picture as it should be now. */
export async function pictures(): Promise<Picture[]> {
  const drawn: Picture[] = [];
  for (const [name, { title, chart }] of Object.entries(charts)) {
    drawn.push({ file: `visualizations/${name}.svg`, contents: svgOf(chart.id, title, await layoutOf(chart)) });
  }
  const written = machines.map((machine) => ({
    file: `visualizations/${machine.id}.mmd`,
    contents: chartDiagram(machine),
  }));
  return [...drawn, ...written];
}
