import provinces from "../../../crates/edge-protocol/data/provinces.json" with { type: "json" };

// The 34 provinces and cities since July 2025 and those that became part of them, from the table that decides at the
// origin. The six cities come first, then all as Vietnamese readers look them up.

/** @typedef {{code: string, name: string, formerly: string | null}} Place `formerly` is the old name it was found by */
/** @typedef {{place: Place, names: string[]}} Entry `names` are what it is looked for by, in plain letters */

/** @type {Entry[]} */
const ENTRIES = provinces.flatMap(({ code, name, also, former }) => [
  { place: { code, name, formerly: null }, names: [name, ...also].map(plain) },
  ...former.map((old) => ({ place: { code, name, formerly: old.name }, names: [plain(old.name)] })),
]);

/** @returns {Place[]} the 34 of today */
export function allPlaces() {
  return ENTRIES.map(({ place }) => place).filter(({ formerly }) => formerly === null);
}

/**
 * @param {string} text as typed, with or without accents
 * @returns {Place[]} the best first; all of today for no text
 */
export function findPlaces(text) {
  const wanted = plain(text);
  if (wanted === "") return allPlaces();
  const ranked = ENTRIES.map((entry) => ({ entry, rank: rankOf(entry.names, wanted) })).filter(({ rank }) => rank > 0);
  return ranked.sort((one, other) => other.rank - one.rank).map(({ entry }) => entry.place);
}

/**
 * What a browser fills in or a shopper types whole needs no choosing.
 * @param {string} text
 * @returns {Place | null}
 */
export function placeNamed(text) {
  const wanted = plain(text);
  const whole = ENTRIES.find(({ names }) => names.includes(wanted));
  if (whole !== undefined) return whole.place;
  const found = wanted === "" ? [] : findPlaces(text);
  return found.length === 1 ? found[0] : null;
}

/** @param {string} code @returns {Place | null} */
export function placeOf(code) {
  return allPlaces().find((place) => place.code === code) ?? null;
}

/**
 * @param {string[]} names
 * @param {string} wanted
 */
function rankOf(names, wanted) {
  if (names.includes(wanted)) return 3;
  const letters = wanted.replaceAll(" ", "");
  if (names.some((name) => name.replaceAll(" ", "").startsWith(letters))) return 2;
  return names.some((name) => tails(name).some((tail) => tail.startsWith(letters))) ? 1 : 0;
}

/** @param {string} name @returns {string[]} from each word on, without spaces: people leave the first ones out */
function tails(name) {
  const words = name.split(" ");
  return words.map((_, first) => words.slice(first).join(""));
}

/** @param {string} text @returns {string} small letters without accents, single spaces, no word for what a place is */
function plain(text) {
  const letters = text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("đ", "d");
  const words = letters.replace(/[^a-z0-9]+/g, " ").trim();
  return words.replace(/^(tinh|thanh pho|tp) (?=.)/, "").replace(/ (city|province)$/, "");
}
