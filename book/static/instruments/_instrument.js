// What all instruments share: finding their places in the page, and small pieces of a page.

/** Make an instrument known to tests as `window.instruments[name]`, and draw it where it belongs.
 *
 * @param {string} name  the `data-instrument` of its places
 * @param {(settings: object) => object} compute  the closed form, equal to the Python twin
 * @param {(place: HTMLElement, settings: object) => void} mount  fills a place
 */
export function register(name, compute, mount) {
  if (typeof document === "undefined") return; // imported by a test outside a browser
  window.instruments = { ...window.instruments, [name]: { compute } };
  const start = () =>
    document.querySelectorAll(`.instrument[data-instrument="${name}"]`).forEach((place) => {
      place.textContent = ""; // the table for readers without scripts
      mount(place, JSON.parse(place.dataset.settings));
    });
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
  else start();
}

/** An HTML element: `html("p", { class: "note" }, "text", child)`. */
export function html(tag, attributes = {}, ...children) {
  return build(document.createElement(tag), attributes, children);
}

/** An SVG element. Colors are given in `style`, where CSS variables of the page work. */
export function svg(tag, attributes = {}, ...children) {
  return build(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function build(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A labeled row of the controls: the label, the field, and what belongs behind it. */
export function row(label, field, ...rest) {
  return html("div", { class: "xp-row" }, html("label", { for: field.id }, label), field, ...rest);
}

/** A slider of a place, and the element that shows its value: `[input, output]`. */
export function slider(place, name, [min, max], step, value, attributes = {}) {
  const input = html("input", {
    type: "range", id: `${place.id}-${name}`, min, max, step, autocomplete: "off", ...attributes,
  });
  input.value = value;
  return [input, html("output", { for: input.id })];
}

/** Show a slider's value, to eyes and to screen readers. */
export function tell(input, output, words) {
  output.textContent = words;
  input.setAttribute("aria-valuetext", words);
}

/** Fill a place with controls, a picture, and what is said about it.
 *
 * @param {string} label  what the instrument shows, for screen readers
 * @param {HTMLElement[]} controls  stand above the picture
 * @param {object} attributes  of the picture
 * @param {HTMLElement} below  stands below it, in place of a paragraph
 * @returns `{ picture, stage, readout, say }`: the SVG, the box whose width it has, what stands
 *   below, and an `announcer`
 */
export function panel(
  place, label, controls, { style = "", ...attributes } = {},
  below = html("p", { class: "xp-cap instrument-readout" }),
) {
  const picture = svg("svg", { role: "img", ...attributes, style: `display:block;${style}` });
  const stage = html("div", { class: "instrument-stage" }, picture);
  place.setAttribute("role", "group");
  place.setAttribute("aria-label", `Instrument: ${label}`);
  place.append(...controls, stage, below);
  return { picture, stage, readout: below, say: announcer(place) };
}

/** A number's text with a true minus sign. */
export const minus = (words) => words.replace("-", "−");

/** A line of text in a picture, in one of the page's colors. */
export function text(x, y, words, color, anchor = "middle", size = 15) {
  return svg("text", {
    x, y, "text-anchor": anchor,
    style: `fill:var(--${color});font:400 ${size}px var(--sans,sans-serif)`,
  }, words);
}

/** A function that says a text to screen readers once the reader has stopped changing things. */
function announcer(place) {
  const region = html("p", { class: "sr", "aria-live": "polite" });
  place.append(region);
  let waiting;
  return (text) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { region.textContent = text; }, 500);
  };
}

/** Call `draw(width)` with the place's width in pixels, now and whenever it changes. */
export function onWidth(place, draw) {
  let last = 0;
  new ResizeObserver(() => {
    const width = Math.floor(place.clientWidth);
    if (width && width !== last) draw((last = width));
  }).observe(place);
}
