/** Attributes of a new element; names that begin with `on` are listeners. */
type Attributes = Readonly<Record<string, string | number | boolean | null | ((event: Event) => void)>>;
type Child = Node | string | null;

/** Creates an element. Children are added as text, never as markup. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  return fill(document.createElement(tag), attributes, children);
}

const SVG = 'http://www.w3.org/2000/svg';

/** Creates an SVG element. */
export function drawing<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Tag] {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill<Target extends Element>(target: Target, attributes: Attributes, children: readonly Child[]): Target {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') target.addEventListener(name.replace(/^on/, ''), value);
    else setAttribute(target, name, value);
  }
  target.append(...children.filter((child) => child !== null));
  return target;
}

/** Sets attributes; null and false remove them. */
export function setAttributes(target: Element, attributes: Readonly<Record<string, string | number | null>>): void {
  for (const [name, value] of Object.entries(attributes)) setAttribute(target, name, value);
}

function setAttribute(target: Element, name: string, value: string | number | boolean | null): void {
  if (value === null || value === false) target.removeAttribute(name);
  else target.setAttribute(name, value === true ? '' : String(value));
}

/** Sets a text where it differs. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/**
 * Returns an element of index.html.
 * @throws Error where it is missing
 */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`index.html has lost its element #${id}.`);
  return found;
}

/** A state's colour and letter, to be shown before its name. */
export function swatch(state: string, letter: string): HTMLElement {
  return element('span', { class: 'swatch', 'data-state': state, 'aria-hidden': 'true' }, letter);
}
