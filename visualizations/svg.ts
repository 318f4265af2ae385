import type { EdgeKind } from './edges.js';
import { FONTS, LINE_HEIGHT, PADDING, SIGN, lineWidth, wordWidth, type Word } from './labels.js';
import {
  DOT,
  titleBaseline,
  type Layout,
  type PlacedArrow,
  type PlacedBox,
  type PlacedLabel,
  type Point,
} from './layout.js';
import { legendOf, SIGNS } from './legend.js';
import { escape, fixed } from './markup.js';
import { Outlines } from './outlines.js';
import { STYLE } from './style.js';
import { textWidth } from './text.js';

const RADIUS = { corner: 8, box: 8 } as const;
const HEAD = { length: 9, half: 4.5 } as const;
/** Pixels by which a row's rectangle exceeds its text at the sides, and keeps away from the rows above and below. */
const ROW = { x: 6, y: 1, radius: 6 } as const;

/** A picture, complete in itself: style, both colour themes, glyphs, signs and their legend. */
export function svgOf(id: string, title: string, layout: Layout): string {
  const labels = [...layout.boxes.flatMap(({ rows }) => rows), ...layout.arrows.flatMap(({ labels }) => labels)];
  const kinds = new Set(labels.flatMap(({ label: { kind } }) => kind ?? []));
  const legend = legendOf(
    [...kinds],
    labels.some(({ label }) => label.reenters),
    layout.width,
  );
  const height = layout.height + legend.height;
  const outlines = new Outlines();
  const body = [
    ...layout.boxes.filter(({ box }) => box.name !== '').map((placed) => box(id, placed, outlines)),
    ...layout.arrows.map(line),
    ...layout.dots.map(({ x, y }) => `<circle class="dot" cx="${x}" cy="${y}" r="${DOT}"/>`),
    ...layout.arrows.flatMap(({ labels }) => labels.map((label) => pill(label, outlines))),
    ...legend.entries.map(({ x, y, words, sign }) =>
      group({ class: 'legend' }, [
        signAt(sign, x, y + layout.height),
        ...text(words, x + SIGN, y + layout.height, outlines),
      ]),
    ),
  ];
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${layout.width} ${height}" width="${layout.width}" height="${height}" role="img" aria-labelledby="title">`,
    `<title id="title">${escape(title)}</title>`,
    `<style>\n${STYLE}\n</style>`,
    `<defs>`,
    ...Object.entries(SIGNS).map(([name, path]) => `<path id="sign-${name}" d="${path}"/>`),
    ...outlines.definitions,
    `</defs>`,
    `<rect class="ground" width="${layout.width}" height="${height}" rx="10"/>`,
    ...body,
    '</svg>',
  ].join('\n')}\n`;
}

function box(id: string, placed: PlacedBox, outlines: Outlines): string {
  const { box, x, y, width, height, heading, rows } = placed;
  const isLeaf = box.children.length === 0;
  const shape = (inset: number, classes: string) =>
    `<rect class="${classes}" x="${fixed(x + inset)}" y="${fixed(y + inset)}" width="${fixed(width - 2 * inset)}" height="${fixed(height - 2 * inset)}" rx="${RADIUS.box - inset}"/>`;
  const titleX =
    isLeaf && rows.length === 0 ? x + (width - wordWidth({ text: box.name, role: 'title' })) / 2 : heading.x;
  return group(
    {
      id: ['s:' + id, box.path].filter((part) => part !== '').join('.'),
      class: box.accent ? 'state accent' : 'state',
      'data-state': box.path,
    },
    [
      ...(box.path === '' ? [] : [shape(0, isLeaf ? 'box' : 'box tinted')]),
      ...(box.final ? [shape(3.5, 'box')] : []),
      ...text([{ text: box.name, role: 'title' }], titleX, titleBaseline(heading), outlines),
      ...rows.map((placed) => row(placed, outlines)),
    ],
  );
}

/** A line in one kind's style only where nothing else shares it. */
function line({ arrow, points }: PlacedArrow): string {
  const kinds = new Set(arrow.labels.map(({ kind }) => kind));
  const [only] = kinds;
  const kind = kinds.size === 1 && only !== null && only !== undefined ? ` ${only}` : '';
  const [before, end] = points.slice(-2);
  if (before === undefined || end === undefined) return '';
  const along = { x: Math.sign(end.x - before.x), y: Math.sign(end.y - before.y) };
  const base = { x: end.x - along.x * HEAD.length, y: end.y - along.y * HEAD.length };
  const side = { x: along.y * HEAD.half, y: along.x * HEAD.half };
  return group({ class: 'arrow', 'data-source': arrow.source, 'data-target': arrow.target }, [
    `<path class="line${kind}" d="${rounded([...points.slice(0, -1), base])}"/>`,
    `<path class="head${kind}" d="M${at(end)}L${at({ x: base.x + side.x, y: base.y + side.y })}L${at({ x: base.x - side.x, y: base.y - side.y })}Z"/>`,
  ]);
}

function pill(placed: PlacedLabel, outlines: Outlines): string {
  const { x, y, width, height, label } = placed;
  return group(edgeAttributes(placed), [
    `<rect class="pill ${label.kind ?? ''}" x="${x}" y="${y}" width="${width}" height="${height}" rx="${label.lines.length > 1 ? 9 : height / 2}"/>`,
    ...content(placed, 0, outlines),
  ]);
}

/** The rectangle is seen only while the row is lit, on the live page. */
function row(placed: PlacedLabel, outlines: Outlines): string {
  const { x, y, width, height } = placed;
  return group(edgeAttributes(placed), [
    `<rect class="row" x="${fixed(x - ROW.x)}" y="${fixed(y + ROW.y)}" width="${fixed(width - 2 * (PADDING.x - ROW.x))}" height="${fixed(height - 2 * ROW.y)}" rx="${ROW.radius}"/>`,
    ...content(placed, -PADDING.x, outlines),
  ]);
}

/** Spaces separate several ids in one attribute: `[data-edge~="…"]` finds each. */
const edgeAttributes = ({ label: { ids } }: PlacedLabel) =>
  ids.length === 0 ? {} : { class: 'edge', 'data-edge': ids.join(' ') };

function content({ label, x, y }: PlacedLabel, shift: number, outlines: Outlines): string[] {
  const { kind, lines, reenters } = label;
  const left = x + PADDING.x + shift;
  const start = left + (kind === null ? 0 : SIGN);
  const baseline = y + PADDING.y + FONTS.event.size;
  return [
    ...(kind === null ? [] : [signAt(kind, left, baseline)]),
    ...lines.flatMap((words, index) => text(words, start, baseline + index * LINE_HEIGHT, outlines)),
    ...(reenters ? [signAt('reenters', start + lineWidth(lines[0] ?? []) + SIGN - 12, baseline)] : []),
  ];
}

/** The words of a line, each behind the one before. */
function text(words: readonly Word[], x: number, y: number, outlines: Outlines): string[] {
  let left = x;
  return words.map((word) => {
    const { text, role } = word;
    const indent = textWidth(text.slice(0, text.length - text.trimStart().length), FONTS[role]);
    const start = left + indent;
    left += wordWidth(word);
    return outlines.draw(text.trim(), FONTS[role], role, start, y);
  });
}

const signAt = (sign: EdgeKind | 'reenters', x: number, baseline: number): string =>
  `<use class="sign ${sign}" href="#sign-${sign}" x="${fixed(x)}" y="${fixed(baseline - 10)}"/>`;

/** A line with its corners rounded, less where two are close to each other. */
function rounded(points: readonly Point[]): string {
  return points
    .map((point, index) => {
      const before = points[index - 1];
      const after = points[index + 1];
      if (before === undefined) return `M${at(point)}`;
      if (after === undefined) return `L${at(point)}`;
      const radius = Math.min(RADIUS.corner, distance(before, point) / 2, distance(point, after) / 2);
      return `L${at(towards(point, before, radius))}Q${at(point)} ${at(towards(point, after, radius))}`;
    })
    .join('');
}

const distance = (a: Point, b: Point) => Math.abs(a.x - b.x) + Math.abs(a.y - b.y);

const towards = (from: Point, to: Point, length: number): Point => ({
  x: from.x + Math.sign(to.x - from.x) * length,
  y: from.y + Math.sign(to.y - from.y) * length,
});

const at = ({ x, y }: Point): string => `${fixed(x)} ${fixed(y)}`;

function group(attributes: Readonly<Record<string, string>>, children: readonly string[]): string {
  const written = Object.entries(attributes).map(([name, value]) => ` ${name}="${escape(value)}"`);
  return `<g${written.join('')}>${children.join('')}</g>`;
}
