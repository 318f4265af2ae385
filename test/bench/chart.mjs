// The dispatches as a picture for the README, in the colours of visualizations/style.ts: it looks right by day and night.
import { Outlines } from '../../dist/visualizations/outlines.js';
import { textWidth } from '../../dist/visualizations/text.js';

const WIDTH = 760;
const PADDING = 20;
const LABEL = 250;
const ROW = 24;
const BAR = 14;
const HEADING = 34;
const TITLE = { size: 15, bold: true };
const PLAIN = { size: 12, bold: false };

const LIGHT = {
  ground: '#fbfcfe',
  text: '#131a26',
  note: '#5a6678',
  line: '#7d8ba0',
  ours: '#1d4f91',
  theirs: '#7d8ba0',
};
const DARK = {
  ground: '#0d1117',
  text: '#eef3fa',
  note: '#a3b0c2',
  line: '#76859b',
  ours: '#a9c9ff',
  theirs: '#76859b',
};

const colours = ({ ground, text, note, line, ours, theirs }) =>
  `.ground{fill:${ground}}.title,.label{fill:${text}}.note{fill:${note}}.line{stroke:${line}}.spread{stroke:${text}}` +
  `.ours{fill:${ours}}.theirs{fill:${theirs}}`;

const STYLE = [
  '.line{stroke-width:1.2;stroke-dasharray:1.5 4}.spread{stroke-width:1.2}.theirs{fill-opacity:.55}',
  colours(LIGHT),
  `@media(prefers-color-scheme:dark){${colours(DARK)}}`,
].join('\n');

const NAMES = { 'zlib-stream': 'with zlib-stream', none: 'without compression', 'zstd-stream': 'with zstd-stream' };
const fixed = (value) => String(Math.round(value * 10) / 10);

export function chartOf({ parts: { dispatch } }) {
  if (dispatch === undefined) throw new Error('--chart draws the part dispatch: leave --only out or name it');
  const { results, rounds, events } = dispatch;
  const most = Math.max(1, ...results.map(({ ratio }) => ratio.high));
  const left = PADDING + LABEL;
  const unit = (WIDTH - left - PADDING - 40) / most;
  const drawn = [];
  const outlines = new Outlines();
  let y = PADDING;
  for (const compression of new Set(results.map((result) => result.compression))) {
    const rows = results.filter((result) => result.compression === compression);
    drawn.push(outlines.draw(`Dispatches a CPU second ${NAMES[compression]}`, TITLE, 'title', PADDING, y + 15));
    y += HEADING;
    const end = y + rows.length * ROW;
    const values = [];
    for (const { id, label, ratio } of rows) {
      const middle = y + ROW / 2;
      const tip = left + Math.max(ratio.median, ratio.high) * unit + 6;
      const value = ratio.median.toFixed(2);
      drawn.push(
        outlines.draw(label, PLAIN, 'label', PADDING, middle + 4),
        `<rect class="${id.startsWith('shardchart') ? 'ours' : 'theirs'}" x="${left}" y="${middle - BAR / 2}" width="${fixed(ratio.median * unit)}" height="${BAR}" rx="3"/>`,
        `<path class="spread" d="M${fixed(left + ratio.low * unit)} ${middle}H${fixed(left + ratio.high * unit)}"/>`,
      );
      // The line of the bare loop is not to be seen through a number.
      values.push(
        `<rect class="ground" x="${fixed(tip - 2)}" y="${middle - 8}" width="${fixed(textWidth(value, PLAIN) + 4)}" height="16"/>`,
        outlines.draw(value, PLAIN, 'label', tip, middle + 4),
      );
      y += ROW;
    }
    drawn.push(`<path class="line" d="M${fixed(left + unit)} ${end - rows.length * ROW}V${end}"/>`, ...values);
    y = end + PADDING;
  }
  const note = `Multiples of the bare loop (ws, zlib-sync, JSON.parse): medians of ${rounds} rounds of ${events} events, with their range.`;
  drawn.push(outlines.draw(note, PLAIN, 'note', PADDING, y + 8));
  const height = y + PADDING + 8;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title">`,
    '<title id="title">Dispatches a CPU second, as multiples of a bare loop</title>',
    `<style>\n${STYLE}\n</style>`,
    `<defs>`,
    ...outlines.definitions,
    `</defs>`,
    `<rect class="ground" width="${WIDTH}" height="${height}" rx="10"/>`,
    ...drawn,
    '</svg>',
  ].join('\n')}\n`;
}
