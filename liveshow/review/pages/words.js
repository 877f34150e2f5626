/* What the page says, in the reader's language; English where a word is missing. */

import { keep, kept } from "./memory.js";

const LANGUAGES = { en: "English", de: "Deutsch", es: "Español", fr: "Français" };
const KEPT = "liveshow:language";
const HERE = new URL("words/", import.meta.url);
const OTHER_DIRECTION =
  /[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const tables = {};
let current = "en";

/** Every language there is, by its own name. */
export const languages = LANGUAGES;

/** The one in use. */
export function language() {
  return current;
}

/** The one that was chosen here before, or else the first of the reader's that there is. */
export function preferred() {
  const wanted = [kept(KEPT), ...(navigator.languages || [navigator.language])];
  return wanted.map((tag) => String(tag).toLowerCase().split("-")[0]).find((tag) => tag in LANGUAGES) || "en";
}

/** Use a language from now on. Raises TypeError when it cannot be fetched, and leaves the old one. */
export async function use(tag, remember = false) {
  await Promise.all([...new Set(["en", tag])].map(load));
  current = tag;
  document.documentElement.lang = tag;
  if (remember) keep(KEPT, tag);
}

async function load(tag) {
  if (tables[tag]) return;
  const answer = await fetch(new URL(`${tag}.json`, HERE));
  if (!answer.ok) throw new TypeError(`words: ${answer.status}`);
  tables[tag] = await answer.json();
}

/** The words for a key, with `{values}` in place; a table of forms gives the plural form for `n`. */
export function t(key, values = {}) {
  const tag = tables[current] && key in tables[current] ? current : "en";
  let words = tables[tag] && tables[tag][key];
  if (words === undefined) return key;
  if (typeof words === "object") words = words[new Intl.PluralRules(tag).select(values.n)] || words.other;
  return words.replace(/\{(\w+)\}/g, (_, value) => isolated(values[value]));
}

/** What people wrote from right to left, or with controls of direction, keeps that to itself (Unicode's FSI and PDI). */
function isolated(value) {
  return OTHER_DIRECTION.test(value) ? `\u2068${value}\u2069` : String(value);
}

/** Several names as one reads them: "Mara and Theo". */
export function listed(names) {
  if (!Intl.ListFormat) return names.map(isolated).join(", ");
  return new Intl.ListFormat(current, { type: "conjunction" }).format(names.map(isolated));
}
