/* Building and changing elements. Whatever people wrote becomes text, never markup. */

const SVG = "http://www.w3.org/2000/svg";
const SHAPES = {
  play: "M7 4v16l13-8z",
  pause: "M6 4h4v16H6zM14 4h4v16h-4z",
  yes: "M9.5 18.5 3 12l2-2 4.5 4.5L19 5l2 2z",
  hold: "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zM8.5 7.5h2.5v9h-2.5zM13 7.5h2.5v9H13z",
  no: "M6.2 4 12 9.8 17.8 4 20 6.2 14.2 12l5.8 5.8-2.2 2.2L12 14.2 6.2 20 4 17.8 9.8 12 4 6.2z",
  film: "M3 5h18v14H3zM5 7v2h2V7zm0 4v2h2v-2zm0 4v2h2v-2zm12-8v2h2V7zm0 4v2h2v-2zm0 4v2h2v-2zM9 7v10h6V7z",
  mic: "M12 2a3.5 3.5 0 0 1 3.5 3.5v6a3.5 3.5 0 0 1-7 0v-6A3.5 3.5 0 0 1 12 2zM5 11h2a5 5 0 0 0 10 0h2a7 7 0 0 1-6 6.9V22h-2v-4.1A7 7 0 0 1 5 11z",
  credit: "M12 3a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM4 21c0-4.4 3.6-7 8-7s8 2.6 8 7z",
  crew: "M3 4h18v12H10l-5 5v-5H3zm4 4v2h10V8zm0 3.5v2h7v-2z",
  wait: "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zm0 2.5a7.5 7.5 0 1 1 0 15 7.5 7.5 0 0 1 0-15zM11 7v6l4.5 2.7 1-1.7-3.5-2V7z",
  cut: "M5 3h3v2H7v14h1v2H5zm11 0h3v18h-3v-2h1V5h-1zM11 8h2v8h-2z",
};

/** A new element: `props` are attributes (null or false: none), `on…` listeners, and `text`; children are nodes, strings, or nothing. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else attribute(node, name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Set an attribute, or take it away (null, false, undefined); nothing when it is so already. */
export function attribute(node, name, value) {
  const wanted = value === true ? "" : value;
  if (wanted === null || wanted === undefined || wanted === false) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(wanted)) node.setAttribute(name, wanted);
}

/** Set the text, when it is another: what did not change is not read out again. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Show or hide. */
export function show(node, shown) {
  if (node.hidden === shown) node.hidden = !shown;
}

/** A sign that repeats what words beside it say, so it is hidden from readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", SHAPES[name]);
  for (const [key, value] of [
    ["viewBox", "0 0 24 24"],
    ["aria-hidden", "true"],
    ["class", "icon"],
  ])
    svg.setAttribute(key, value);
  svg.append(path);
  return svg;
}

/** Change the sign. */
export function reshape(svg, name) {
  svg.firstChild.setAttribute("d", SHAPES[name]);
}

/** Words of people, in whatever direction they are written. */
export function name(text, tag = "bdi") {
  return el(tag, { dir: "auto", text });
}

/** Make the children of a list those of `keys`, in that order: known ones stay the same element and keep focus, scroll and sound. */
export function keyed(list, known, keys, make) {
  for (const key of [...known.keys()].filter((key) => !keys.includes(key))) {
    known.get(key).node.remove();
    known.delete(key);
  }
  keys.forEach((key, i) => {
    if (!known.has(key)) known.set(key, make(key));
    const { node } = known.get(key);
    if (list.children[i] !== node) list.insertBefore(node, list.children[i] || null);
  });
}
