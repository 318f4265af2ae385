import type { EdgeKind } from './edges.js';

interface Theme {
  readonly ground: string;
  readonly leaf: string;
  readonly tint: string;
  readonly line: string;
  readonly accent: string;
  readonly text: string;
  readonly note: string;
  readonly guard: string;
  readonly action: string;
  readonly kinds: Readonly<Record<EdgeKind, string>>;
}

const LIGHT: Theme = {
  ground: '#fbfcfe',
  leaf: '#ffffff',
  tint: '#2f6db5',
  line: '#7d8ba0',
  accent: '#1d4f91',
  text: '#131a26',
  note: '#5a6678',
  guard: '#a34700',
  action: '#0b6b63',
  kinds: {
    command: '#0b5cad',
    report: '#4b586b',
    time: '#7031c9',
    always: '#b3156b',
    done: '#1a7335',
    error: '#bb1c1c',
  },
};

const DARK: Theme = {
  ground: '#0d1117',
  leaf: '#161d29',
  tint: '#8ab8ff',
  line: '#76859b',
  accent: '#a9c9ff',
  text: '#eef3fa',
  note: '#a3b0c2',
  guard: '#ffb454',
  action: '#62dccb',
  kinds: {
    command: '#74b3ff',
    report: '#b7c3d3',
    time: '#c7a6ff',
    always: '#ff9bcb',
    done: '#7fe09a',
    error: '#ff9c94',
  },
};

/** Dashes tell the kinds apart without colour, besides the signs. */
const DASHES: Partial<Record<EdgeKind, string>> = {
  time: '7 4',
  always: '1.5 4',
  done: '10 3 2 3',
  error: '10 3 2 3',
};

/** Literal colours throughout: not every renderer of SVG knows CSS variables. */
export const STYLE = [
  '.box,.pill{stroke-width:1.2}.row{fill:none}.accent>.box{stroke-width:2}.tinted{fill-opacity:.05}',
  '.line{fill:none;stroke-width:1.5}.head{stroke:none}',
  '.sign{fill:none;stroke-width:1.4;stroke-linecap:round;stroke-linejoin:round}',
  ...Object.entries(DASHES).map(([kind, dash]) => `.line.${kind}{stroke-dasharray:${dash}}`),
  colours(LIGHT),
  `@media(prefers-color-scheme:dark){${colours(DARK)}}`,
].join('\n');

function colours({ ground, leaf, tint, line, accent, text, note, guard, action, kinds }: Theme): string {
  return [
    `.ground{fill:${ground}}`,
    `.box{stroke:${line};fill:${leaf}}.box.tinted{fill:${tint}}.accent>.box{stroke:${accent}}`,
    `.pill{fill:${leaf};stroke:${line}}`,
    `.line,.sign{stroke:${line}}.head,.dot{fill:${line}}`,
    `.title,.event{fill:${text}}.accent>.title{fill:${accent}}.note{fill:${note}}`,
    `.guard{fill:${guard}}.action{fill:${action}}`,
    ...Object.entries(kinds).map(
      ([kind, colour]) => `.pill.${kind},.line.${kind},.sign.${kind}{stroke:${colour}}.head.${kind}{fill:${colour}}`,
    ),
  ].join('\n');
}
