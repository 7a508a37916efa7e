/**
 * Builds an element. Text only ever becomes a text node: nothing on these pages parses data as HTML.
 * @param {string} tag
 * @param {Record<string, string | boolean | ((event: any) => void)>} [attributes] a function listens for the event named `onX`
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/**
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} testid
 * @param {ParentNode} [root]
 * @returns {T}
 */
export function byTestId(testid, root = document) {
  const element = root.querySelector(`[data-testid="${testid}"]`);
  if (element === null) throw new Error(`the page has no ${testid}`);
  return /** @type {T} */ (element);
}

/**
 * Writes only what changed, so that screen readers announce changes and nothing else.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {...Node} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes, ...children) {
  const element = /** @type {SVGElement} */ (document.createElementNS(SVG, tag));
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
