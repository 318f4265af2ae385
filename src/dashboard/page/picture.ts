import { lineage, runsThrough } from './paths.js';

const TAKEN_MS = 1_200;

const STYLE = /<style>([^<]*)<\/style>/;

/**
 * Styles for lit states and flashing edges, on top of the picture's own. Variables such as `--state` come from the
 * page.
 */
const LIGHT = `
.ground { fill: transparent }
.state.around > .box { stroke: var(--state); stroke-width: 2.5; stroke-opacity: .75 }
.state.around > .title { fill: var(--text) }
.state.active > .box { fill: var(--state); stroke: var(--state); stroke-width: 3 }
.state.active > .title, .state.active .note, .state.active .event, .state.active .guard, .state.active .action { fill: var(--on-state) }
.state.active .sign { stroke: var(--on-state) }
.arrow.taken > .line { stroke: var(--taken); stroke-width: 4; stroke-dasharray: none }
.arrow.taken > .head { fill: var(--taken); stroke: var(--taken); stroke-width: 4 }
.edge.taken > .pill, .edge.taken > .row { fill: var(--taken); stroke: var(--taken) }
.edge.taken > .event, .edge.taken > .guard, .edge.taken > .action, .edge.taken > .note { fill: var(--on-taken) }
.edge.taken > .sign { stroke: var(--on-taken) }
@media (prefers-reduced-motion: no-preference) {
  .taken { animation: taken ${TAKEN_MS}ms steps(6, end) }
  @keyframes taken { 70% { opacity: 1 } 100% { opacity: .35 } }
}`;

/** Picture of a chart whose states can be lit and whose edges can flash. */
export class Picture {
  readonly svg: SVGSVGElement;
  /** Style sheets of the picture and of LIGHT. The page's policy forbids style elements. */
  readonly sheets: readonly CSSStyleSheet[];
  readonly width: number;
  readonly height: number;
  readonly #states = new Map<string, Element>();
  /** Elements that flash for an edge: its label, and the arrow that runs through the label. */
  readonly #edges = new Map<string, readonly Element[]>();
  readonly #dimming = new Map<Element, ReturnType<typeof setTimeout>>();
  #lit: readonly Element[] = [];

  constructor(text: string) {
    // Removed before parsing: the policy reports a style element even in a document that is not shown.
    const [, style = ''] = STYLE.exec(text) ?? [];
    this.sheets = [style, LIGHT].map(sheetOf);
    const parsed = new DOMParser().parseFromString(text.replace(STYLE, ''), 'image/svg+xml');
    this.svg = document.importNode(parsed.documentElement, true) as unknown as SVGSVGElement;
    this.svg.setAttribute('preserveAspectRatio', 'xMidYMin meet');
    this.width = this.svg.viewBox.baseVal.width;
    this.height = this.svg.viewBox.baseVal.height;
    for (const state of this.svg.querySelectorAll('[data-state]')) {
      this.#states.set(state.getAttribute('data-state') ?? '', state);
    }
    const arrows = [...this.svg.querySelectorAll('.arrow')].map((arrow) => ({
      arrow,
      line: arrow.querySelector('.line')?.getAttribute('d') ?? '',
    }));
    for (const edge of this.svg.querySelectorAll('[data-edge]')) {
      const pill = edge.querySelector<SVGRectElement>('.pill');
      const rect = pill === null ? null : rectOf(pill);
      const own = rect === null ? [] : arrows.filter(({ line }) => runsThrough(line, rect)).map(({ arrow }) => arrow);
      for (const id of edge.getAttribute('data-edge')?.split(' ') ?? []) this.#edges.set(id, [edge, ...own]);
    }
  }

  get paths(): readonly string[] {
    return [...this.#states.keys()];
  }

  /** Lights a state, and its parents faintly. Returns the state's box in the picture's units. */
  light(path: string | null): DOMRectReadOnly | null {
    const lit = path === null ? [] : lineage(path).flatMap((it) => this.#states.get(it) ?? []);
    if (lit.length !== this.#lit.length || lit.some((state, index) => state !== this.#lit[index])) {
      for (const state of this.#lit) state.classList.remove('active', 'around');
      for (const [index, state] of lit.entries()) state.classList.add(index === 0 ? 'active' : 'around');
      this.#lit = lit;
    }
    const box = lit[0]?.querySelector<SVGRectElement>('.box') ?? null;
    return box === null ? null : rectOf(box);
  }

  /** Ends all flashes. */
  calm(): void {
    for (const [target, timer] of this.#dimming) {
      clearTimeout(timer);
      target.classList.remove('taken');
    }
    this.#dimming.clear();
  }

  /** Lets an edge flash. Does nothing for an edge that the picture does not show. */
  flash(edge: string): void {
    for (const target of this.#edges.get(edge) ?? []) {
      clearTimeout(this.#dimming.get(target));
      target.classList.add('taken');
      this.#dimming.set(
        target,
        setTimeout(() => {
          this.#dimming.delete(target);
          target.classList.remove('taken');
        }, TAKEN_MS),
      );
    }
  }
}

const rectOf = ({ x, y, width, height }: SVGRectElement): DOMRectReadOnly =>
  new DOMRectReadOnly(x.baseVal.value, y.baseVal.value, width.baseVal.value, height.baseVal.value);

function sheetOf(text: string): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  return sheet;
}
