/** What an element may be made with; `class` and all else are attributes, `on…` are listeners. */
type Attributes = Readonly<Record<string, string | number | boolean | null | ((event: Event) => void)>>;
type Child = Node | string | null;

/** Makes an element. Text goes in as text, never as markup. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  return fill(document.createElement(tag), attributes, children);
}

const SVG = 'http://www.w3.org/2000/svg';

/** Makes an SVG element. */
export function drawing<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Tag] {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill<Made extends Element>(made: Made, attributes: Attributes, children: readonly Child[]): Made {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(name.replace(/^on/, ''), value);
    else setAttribute(made, name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** Sets attributes; null and false take them away. */
export function setAttributes(target: Element, attributes: Readonly<Record<string, string | number | null>>): void {
  for (const [name, value] of Object.entries(attributes)) setAttribute(target, name, value);
}

function setAttribute(target: Element, name: string, value: string | number | boolean | null): void {
  if (value === null || value === false) target.removeAttribute(name);
  else target.setAttribute(name, value === true ? '' : String(value));
}

/** Writes a text where it is another than before. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** An element of index.html, which has it. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`index.html has lost its element #${id}.`);
  return found;
}

/** A state's colour and letter, before its name. */
export function swatch(state: string, letter: string): HTMLElement {
  return element('span', { class: 'swatch', 'data-state': state, 'aria-hidden': 'true' }, letter);
}
