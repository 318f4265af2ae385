import ElkModule, {
  type ElkEdgeSection,
  type ElkExtendedEdge,
  type ElkNode,
  type LayoutOptions,
} from 'elkjs/lib/elk.bundled.js';
import type { Arrow, Box, Chart } from './chart.js';
import { FONTS, sizeOf, word, wordWidth, type Label, type Size } from './labels.js';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Rectangle extends Point, Size {}

export interface PlacedLabel extends Rectangle {
  readonly label: Label;
}

export interface PlacedBox extends Rectangle {
  readonly box: Box;
  readonly depth: number;
  /** Name and rows, all in one block. */
  readonly heading: Rectangle;
  readonly rows: readonly PlacedLabel[];
}

export interface PlacedArrow {
  /** The arrow that leads to a box's initial state has no labels. */
  readonly arrow: Arrow;
  readonly points: readonly Point[];
  readonly labels: readonly PlacedLabel[];
}

export interface Layout extends Size {
  /** Parents before children. */
  readonly boxes: readonly PlacedBox[];
  /** Centres of the initial dots. */
  readonly dots: readonly Point[];
  readonly arrows: readonly PlacedArrow[];
}

/** ELK does not hand options down to nested nodes: every node with children gets these. */
const LAYERED: LayoutOptions = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.json.edgeCoords': 'ROOT',
  'elk.json.shapeCoords': 'ROOT',
  'elk.layered.considerModelOrder.strategy': 'NONE',
  'elk.layered.edgeLabels.centerLabelPlacementStrategy': 'SPACE_EFFICIENT_LAYER',
  // Six seeds were tried: this had the narrowest shard chart and the fewest crossings.
  'elk.randomSeed': '3',
  'elk.layered.thoroughness': '60',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.nodePlacement.favorStraightEdges': 'true',
  'elk.spacing.nodeNode': '24',
  'elk.layered.spacing.nodeNodeBetweenLayers': '26',
  'elk.spacing.edgeNode': '14',
  'elk.spacing.edgeEdge': '11',
  'elk.layered.spacing.edgeNodeBetweenLayers': '14',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '11',
  'elk.spacing.edgeLabel': '4',
};

export const DOT = 6;
const MARGIN = 16;
const INSET = { x: 12, y: 8 } as const;
const TITLE_HEIGHT = 22;
const ROW_GAP = -2;
/** Between two labels on the same line. */
const STACK_GAP = 3;

/** Room at the sides of a box beyond what its content asks for. */
interface Sides {
  readonly left: number;
  readonly right: number;
}

/** Attempts to widen the boxes whose name or rows do not fit. ELK's minimum size does not widen them. */
const PASSES = 32;

/** Gives everything its place. Coordinates have one decimal at most, so that the pictures do not change with the platform. */
export async function layoutOf(chart: Chart): Promise<Layout> {
  const sides = new Map<string, Sides>();
  for (let pass = 0; pass < PASSES; pass += 1) {
    const layout = await place(chart, sides);
    const narrow = layout.boxes.filter((box) => missing(box) > 0);
    if (narrow.length === 0) return layout;
    for (const box of narrow) {
      const { left, right } = sides.get(box.box.path) ?? { left: 0, right: 0 };
      // Arrows through the top of a box leave one side free: the room is added there.
      const share = box.heading.x > box.x + INSET.x + 1 ? 1 : 0.5;
      sides.set(box.box.path, {
        left: left + Math.ceil(missing(box) * share),
        right: right + Math.ceil(missing(box) * (1 - share)),
      });
    }
  }
  throw new Error(
    `The chart ${chart.id} has a name or a row that still does not fit its box after ${PASSES} passes. Raise PASSES, or shorten it.`,
  );
}

const missing = ({ x, width, heading }: PlacedBox) => heading.x + heading.width + INSET.x - (x + width);

async function place({ root, arrows }: Chart, sides: ReadonlyMap<string, Sides>): Promise<Layout> {
  const all = flatten(root, 0);
  const order = new Map(all.map(({ box: { path } }, index) => [path, index]));
  // An edge back to a state declared earlier is laid out the other way round: the order of declaration is the
  // order from top to bottom, and there are no cycles left for ELK to break.
  const isBack = ({ source, target }: Arrow) => (order.get(target) ?? 0) < (order.get(source) ?? 0);
  const lines = [
    ...all.flatMap(({ box: { path, initial } }) =>
      initial === null ? [] : [{ source: dotId(path), target: initial, labels: [] }],
    ),
    ...arrows,
  ];
  const elk = new ElkModule.default();
  const placed = await elk.layout<ElkNode>({
    ...toElk(root, sides),
    edges: lines.map((arrow, index) => toElkEdge(arrow, String(index), isBack(arrow))),
  });
  const nodes = new Map(everyNode(placed).map((node) => [node.id, node]));
  const edges = new Map((placed.edges ?? []).map((edge) => [edge.id, edge]));
  const placedArrows = lines.map((arrow, index) => toArrow(arrow, edges.get(String(index)), isBack(arrow)));
  return {
    width: Math.ceil(placed.width ?? 0),
    height: Math.ceil(placed.height ?? 0),
    boxes: all.map(({ box, depth }) => toBox(box, depth, rectangle(nodes.get(nodeId(box.path))), placedArrows)),
    dots: all.flatMap(({ box: { path } }) => {
      const dot = nodes.get(dotId(path));
      return dot === undefined ? [] : [{ x: round((dot.x ?? 0) + DOT), y: round((dot.y ?? 0) + DOT) }];
    }),
    arrows: placedArrows,
  };
}

const nodeId = (path: string) => (path === '' ? 'root' : path);
const dotId = (path: string) => `${path}/initial`;
const round = (value: number) => Math.round(value * 10) / 10;

function flatten(box: Box, depth: number): { box: Box; depth: number }[] {
  return [{ box, depth }, ...box.children.flatMap((child) => flatten(child, depth + 1))];
}

function everyNode(node: ElkNode): ElkNode[] {
  return [node, ...(node.children ?? []).flatMap(everyNode)];
}

/** Size of a box's name and rows. */
function headingOf({ name, rows }: Box): Size {
  if (name === '') return { width: 0, height: 0 };
  const sizes = rows.map(sizeOf);
  return {
    width: Math.ceil(Math.max(wordWidth(word(name, 'title')), ...sizes.map(({ width }) => width))),
    height: TITLE_HEIGHT + sizes.reduce((sum, { height }) => sum + height + ROW_GAP, 0),
  };
}

function toElk(box: Box, sides: ReadonlyMap<string, Sides>): ElkNode {
  const heading = headingOf(box);
  const height = heading.height + 2 * INSET.y;
  if (box.children.length === 0) return { id: nodeId(box.path), width: heading.width + 2 * INSET.x, height };
  const dot: ElkNode = {
    id: dotId(box.path),
    width: 2 * DOT,
    height: 2 * DOT,
    layoutOptions: { 'elk.layered.layering.layerConstraint': 'FIRST' },
  };
  const { left, right } = sides.get(box.path) ?? { left: 0, right: 0 };
  return {
    id: nodeId(box.path),
    layoutOptions: {
      ...LAYERED,
      'elk.padding': `[top=${height + 4},left=${MARGIN + left},bottom=${MARGIN},right=${MARGIN + right}]`,
    },
    children: [...(box.initial === null ? [] : [dot]), ...box.children.map((child) => toElk(child, sides))],
  };
}

function toElkEdge({ source, target, labels }: Arrow, id: string, isBack: boolean): ElkExtendedEdge {
  const sizes = labels.map(sizeOf);
  const stack = {
    id: `${id}/labels`,
    // ELK leaves a label out that has no text.
    text: ' ',
    width: Math.max(0, ...sizes.map(({ width }) => width)),
    height: sizes.reduce((sum, { height }) => sum + height + STACK_GAP, -STACK_GAP),
    layoutOptions: { 'elk.edgeLabels.inline': 'true', 'elk.edgeLabels.placement': 'CENTER' },
  };
  const [from, to] = [nodeId(source), nodeId(target)];
  return {
    id,
    sources: [isBack ? to : from],
    targets: [isBack ? from : to],
    ...(labels.length === 0 ? {} : { labels: [stack] }),
  };
}

function rectangle(node: { x?: number; y?: number; width?: number; height?: number } | undefined): Rectangle {
  if (node === undefined) throw new Error('ELK returned no place for a state. Compare the ids in toElk and place.');
  const { x = 0, y = 0, width = 0, height = 0 } = node;
  return { x: round(x), y: round(y), width: round(width), height: round(height) };
}

function toArrow(arrow: Arrow, edge: ElkExtendedEdge | undefined, isBack: boolean): PlacedArrow {
  const points = (edge?.sections ?? []).flatMap(pointsOf);
  const stack = edge?.labels?.[0];
  if (stack === undefined) return { arrow, points, labels: [] };
  const { x, y, width } = rectangle(stack);
  let top = y;
  const labels = arrow.labels.map((label): PlacedLabel => {
    const size = sizeOf(label);
    const placed = { label, ...size, x: round(x + (width - size.width) / 2), y: round(top) };
    top += size.height + STACK_GAP;
    return placed;
  });
  return { arrow, points: isBack ? points.toReversed() : points, labels };
}

function pointsOf({ startPoint, bendPoints = [], endPoint }: ElkEdgeSection): Point[] {
  return [startPoint, ...bendPoints, endPoint].map(({ x, y }) => ({ x: round(x), y: round(y) }));
}

function toBox(box: Box, depth: number, place: Rectangle, arrows: readonly PlacedArrow[]): PlacedBox {
  const size = headingOf(box);
  const y = place.y + INSET.y;
  const left = box.children.length === 0 ? place.x + (place.width - size.width) / 2 : gapIn(place, size, arrows);
  const heading = { ...size, x: round(left), y: round(y) };
  let top = y + TITLE_HEIGHT;
  const rows = box.rows.map((label): PlacedLabel => {
    const row = { label, ...sizeOf(label), x: heading.x, y: round(top) };
    top += row.height + ROW_GAP;
    return row;
  });
  return { ...place, box, depth, heading, rows };
}

/** Leftmost place along the top of a box where no arrow passes through its name and rows. */
function gapIn(place: Rectangle, { width, height }: Size, arrows: readonly PlacedArrow[]): number {
  const bottom = place.y + INSET.y + height;
  const crossings = arrows
    .flatMap(({ points }) => points.slice(1).map((point, index) => [points[index] as Point, point] as const))
    .filter(([a, b]) => Math.min(a.y, b.y) < bottom && Math.max(a.y, b.y) > place.y)
    .flatMap(([a, b]) => [{ from: Math.min(a.x, b.x) - INSET.x, to: Math.max(a.x, b.x) + INSET.x }])
    .filter(({ from, to }) => to > place.x && from < place.x + place.width)
    .toSorted((a, b) => a.from - b.from);
  let left = place.x + INSET.x;
  for (const { from, to } of crossings) {
    if (from >= left + width) break;
    left = Math.max(left, to);
  }
  return left;
}

export const titleBaseline = ({ y }: Rectangle): number => round(y + FONTS.title.size);
