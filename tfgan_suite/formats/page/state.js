// What the page shows: seeds, the way between them, the walk and the label; told in words, as a mark and as an address.

import { arc, latentsOfSeed, walk } from "./latents.js";

// Seeds that give the walk its directions: far from those that people choose.
const RIGHT_SEED = 1_000_000_007;
const UP_SEED = 1_000_000_009;

const MOST_LETTERS = 60; // of an address that are said again

/** The farthest that a walk goes, in degrees. */
export const RIM = 90;

export const state = { a: 0, b: 1, mix: 0, x: 0, y: 0, label: 0, attributes: [] };

const radians = (degrees) => (degrees * Math.PI) / 180;

/** The latents of the state, Float32Array of the generator's length. */
export function currentLatents(card) {
  const length = card.latent_dim;
  const seed = (number) => latentsOfSeed(number, length);
  const [first, last] = [seed(state.a), seed(state.b)];
  const start = state.mix === 0 ? first : state.mix === 1 ? last : arc(first, last, state.mix);
  return walk(start, seed(RIGHT_SEED), seed(UP_SEED), radians(state.x), radians(state.y));
}

/** Moves the walk to x and y degrees, or to the rim on the way there. */
export function moveTo(x, y) {
  const far = Math.hypot(x, y) / RIM;
  const round = (degrees) => Math.round((degrees / Math.max(1, far)) * 10) / 10;
  Object.assign(state, { x: round(x), y: round(y) });
}

/** A class, or a copy of the attributes. */
export const currentLabel = (card) => (card.num_attributes === null ? state.label : [...state.attributes]);

/** The name of a class or an attribute. */
export const labelName = (card, index) => card.label_names[index] ?? String(index);

/** What is wrong with a class, or with an array of attributes; null where nothing is. */
export function labelFault(card, label) {
  const { num_classes: classes, num_attributes: attributes } = card;
  if (classes !== null && !(Number.isInteger(label) && label >= 0 && label < classes)) {
    return `A class is one of 0 to ${classes - 1}. Received: ${String(label).slice(0, MOST_LETTERS)}.`;
  }
  const isRight = (values) => values.length === attributes && values.every((value) => value === 0 || value === 1);
  if (attributes !== null && !(Array.isArray(label) && isRight(label))) {
    return `Attributes are ${attributes} digits, 0 or 1. Received: ${[label].flat().join("").slice(0, MOST_LETTERS)}.`;
  }
  return null;
}

// A label as generate.py marks it: "1 (cat)", "101 (hat, smile)", or "3" for the digit 3.
function spelledLabel(card) {
  const { num_classes: classes, num_attributes: attributes } = card;
  if (classes === null && attributes === null) return null;
  const number = classes === null ? state.attributes.join("") : String(state.label);
  const names = classes === null
    ? state.attributes.flatMap((value, index) => (value ? [labelName(card, index)] : [])).join(", ")
    : labelName(card, state.label);
  return names === "" || names === number ? number : `${number} (${names})`;
}

/** The label of the state in words: "class 1 (cat)"; null without labels. */
export function labelWords(card) {
  const label = spelledLabel(card);
  return label === null ? null : `${card.num_classes === null ? "attributes" : "class"} ${label}`;
}

/** The state in words. */
export function description(card) {
  const seeds = state.mix === 0 ? `Seed ${state.a}` : state.mix === 1 ? `Seed ${state.b}`
    : `${Math.round(state.mix * 100)} % of the way from seed ${state.a} to ${state.b}`;
  const steps = [[state.x, "right", "left"], [state.y, "up", "down"]].filter(([degrees]) => degrees !== 0);
  const walked = steps.map(([degrees, more, less]) => `${Math.abs(Math.round(degrees))}° ${degrees > 0 ? more : less}`);
  return [seeds, labelWords(card), ...walked].filter((part) => part !== null).join(", ");
}

/** The mark of a picture: the keys that generate.py gives, and how far from a seed it is. */
export function mark(card) {
  const facts = { Software: card.made_by, generator: card.name };
  if (state.mix === 0 || state.mix === 1) facts.seed = state.mix === 0 ? state.a : state.b;
  else Object.assign(facts, { seeds: `${state.a}:${state.b}`, t: state.mix });
  if (spelledLabel(card) !== null) facts.label = spelledLabel(card);
  if (state.x || state.y) {
    facts.walk = `${state.x} degrees towards seed ${RIGHT_SEED}, ${state.y} degrees towards seed ${UP_SEED}`;
  }
  return facts;
}

/** The state as a part of an address, so that a picture can be passed on as a link to this page. */
export function address(card) {
  const label = card.num_attributes === null ? state.label : state.attributes.join("");
  const conditional = card.num_classes !== null || card.num_attributes !== null;
  const { a, b, mix, x, y } = state;
  return new URLSearchParams({ seed: a, to: b, mix, x, y, ...(conditional ? { label } : {}) }).toString();
}

/** Takes the state from an address; what is no state is left as it was. What is wrong with its label, or null. */
export function readAddress(card, text) {
  const given = new URLSearchParams(text);
  const number = (key, from, to, or) => {
    const value = given.has(key) ? Number(given.get(key)) : NaN;
    return value >= from && value <= to ? value : or;
  };
  const { num_classes: classes, num_attributes: attributes } = card;
  state.a = Math.floor(number("seed", 0, Number.MAX_SAFE_INTEGER, state.a));
  state.b = Math.floor(number("to", 0, Number.MAX_SAFE_INTEGER, state.b));
  state.mix = number("mix", 0, 1, state.mix);
  moveTo(number("x", -RIM, RIM, state.x), number("y", -RIM, RIM, state.y));
  const digits = given.get("label");
  if (digits === null || (classes === null && attributes === null)) return null;
  const isNumber = /^[0-9]+$/.test(digits);
  const label = !isNumber ? digits : attributes === null ? Number(digits) : [...digits].map(Number);
  const fault = labelFault(card, label);
  if (fault === null) Object.assign(state, attributes === null ? { label } : { attributes: label });
  return fault;
}
