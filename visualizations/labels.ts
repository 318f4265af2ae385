import type { Edge, EdgeKind } from './edges.js';
import { textWidth, type Font } from './text.js';

export type Role = 'title' | 'event' | 'guard' | 'action' | 'note';

export interface Word {
  readonly text: string;
  readonly role: Role;
}

/** The text on an arrow, or in a row of a state's box. */
export interface Label {
  /** Ids of the label's edges: one, or several on the merged arrows of the lifecycle. */
  readonly ids: readonly string[];
  /** Chooses the sign before the text; null: none. */
  readonly kind: EdgeKind | null;
  /** Leaves its state and enters it again. */
  readonly reenters: boolean;
  readonly lines: readonly (readonly Word[])[];
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export const FONTS: Record<Role, Font> = {
  title: { size: 14.5, bold: true },
  event: { size: 11.5, bold: true },
  guard: { size: 11.5, bold: false },
  action: { size: 11.5, bold: false },
  note: { size: 11.5, bold: false },
};

export const LINE_HEIGHT = 16;
/** Room of the sign before a label's text, and of the one behind it. */
export const SIGN = 17;
/** Between the border of a label and what stands in it. */
export const PADDING = { x: 8, y: 3 } as const;

export const word = (text: string, role: Role): Word => ({ text, role });

export const note = (...words: Word[]): Label => ({ ids: [], kind: null, reenters: false, lines: [words] });

export const wordWidth = ({ text, role }: Word): number => textWidth(text, FONTS[role]);

export const lineWidth = (line: readonly Word[]): number => line.reduce((sum, each) => sum + wordWidth(each), 0);

/** Size of a label with its padding. */
export function sizeOf({ lines, kind, reenters }: Label): Size {
  const text = Math.max(...lines.map(lineWidth));
  const signs = (kind === null ? 0 : SIGN) + (reenters ? SIGN : 0);
  return { width: Math.ceil(text + signs + 2 * PADDING.x), height: lines.length * LINE_HEIGHT + 2 * PADDING.y };
}

/** `event [guard] / actions`, in as few lines as the width allows. */
export function edgeLabel(edge: Edge, width: number, goesTo?: string): Label {
  const parts = [
    [word(edge.event, 'event')],
    edge.guard === null ? [] : [word(`[${edge.guard}]`, 'guard')],
    goesTo === undefined ? [] : [word(`→ ${goesTo}`, 'event')],
    ...edge.actions.map((action, index) => [
      word(`${index === 0 ? '/ ' : ''}${action}${index < edge.actions.length - 1 ? ',' : ''}`, 'action'),
    ]),
    edge.internal && edge.actions.length === 0 ? [word('/ ignored', 'note')] : [],
  ];
  return {
    ids: [edge.id],
    kind: edge.kind,
    reenters: !edge.internal && edge.source === edge.target,
    lines: wrap(
      parts.filter((part) => part.length > 0),
      width,
    ),
  };
}

/** Breaks lines between parts, never within one. */
export function wrap(parts: readonly (readonly Word[])[], width: number): Word[][] {
  const lines: Word[][] = [];
  for (const part of parts) {
    const line = lines.at(-1);
    const spaced = part.map((each, index) => (index === 0 ? { ...each, text: ` ${each.text}` } : each));
    if (line !== undefined && lineWidth([...line, ...spaced]) <= width) line.push(...spaced);
    else lines.push([...part]);
  }
  return lines;
}
