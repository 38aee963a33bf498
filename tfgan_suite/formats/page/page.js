// The page: controls -> state -> latents -> picture.

import { addFacts, download, element, fail, grow, room, scaleIn, shapeWords, tellFirst } from "./common.js";
import { Generator } from "./generator.js";
import { latentsOfSeed } from "./latents.js";
import { listenToPad, reflectWalk } from "./pad.js";
import { draw, levels } from "./picture.js";
import {
  address, currentLabel, currentLatents, description, labelName, labelWords, mark, readAddress, state,
} from "./state.js";

const SHEET = 12;
const MOST_BUTTONS = 24; // more classes become a list
const WAY_MILLISECONDS = 4000; // from one seed to the other
const REST_MILLISECONDS = 500; // before a screen reader is told, and the sheet is made anew

let generator;
let shown; // levels, words and mark of the picture on the screen, which may be one step behind the state
let wanted = false, drawing = false;
let resting;
let playing = 0, direction = 1;

// --- Pictures -------------------------------------------------------------------------------------------------------

// Makes the newest picture asked for; what was asked for in between is left out.
async function show() {
  wanted = true;
  if (drawing) return;
  drawing = true;
  try {
    while (wanted) {
      wanted = false;
      const [text, facts] = [description(generator.card), mark(generator.card)];
      const image = await generator.images(currentLatents(generator.card), [currentLabel(generator.card)]);
      shown = { pixels: levels(image), text, facts };
      draw(element("picture"), shown.pixels, generator.card.image_shape);
      element("picture").setAttribute("aria-label", text);
      element("message").textContent = text;
      Object.assign(window.tfgan, { image, description: text });
      await new Promise(requestAnimationFrame);
    }
  } catch (error) {
    fail(error);
  } finally {
    drawing = false;
  }
}

function changed() {
  tell(null);
  reflect();
  clearTimeout(resting);
  resting = setTimeout(rest, REST_MILLISECONDS);
  return show();
}

// Takes the state from the page's address, and says what is wrong with it.
function follow() {
  const fault = readAddress(generator.card, location.hash.slice(1));
  const done = changed();
  tell(fault && `${fault} The address asks for it; this is ${labelWords(generator.card)}.`);
  return done;
}

function tell(notice) {
  element("notice").textContent = notice ?? "";
  element("notice").hidden = notice === null;
}

async function rest() {
  if (playing) return;
  await show();
  element("status").textContent = description(generator.card);
  history.replaceState(null, "", `#${address(generator.card)}`);
  await showSheet().catch(fail);
}

let sheetOf;
async function showSheet() {
  const { latent_dim: length, image_shape: shape } = generator.card;
  const label = currentLabel(generator.card);
  const first = state.a;
  const key = JSON.stringify([first, label]);
  if (key === sheetOf) return;
  sheetOf = key;
  const seeds = Array.from({ length: SHEET }, (_, index) => first + 1 + index).filter(Number.isSafeInteger);
  const size = shape[0] * shape[1] * shape[2];
  const buttons = [];
  for (const seed of seeds) { // one by one, so that the picture in the middle never waits for all
    const image = await generator.images(latentsOfSeed(seed, length), [label]);
    if (key !== sheetOf) return;
    buttons.push(sample(seed, image.subarray(0, size), shape));
  }
  element("samples").replaceChildren(...buttons);
  element("sheet").hidden = false;
}

function sample(seed, image, shape) {
  const button = document.createElement("button");
  const canvas = document.createElement("canvas");
  const text = document.createElement("span");
  draw(canvas, levels(image), shape);
  canvas.setAttribute("aria-hidden", "true");
  text.textContent = seed;
  button.setAttribute("aria-label", `Seed ${seed}`);
  button.append(canvas, text);
  button.addEventListener("click", () => {
    stop();
    Object.assign(state, { a: seed, mix: 0, x: 0, y: 0 });
    changed();
    element("stage").scrollIntoView({ block: "nearest" });
  });
  return button;
}

// As large as whole multiples of its pixels allow.
function fit() {
  if (!generator) return;
  const shape = generator.card.image_shape;
  grow(element("picture"), shape, scaleIn(room(element("mat")), shape));
}

// --- Controls -------------------------------------------------------------------------------------------------------

// The state on the controls.
function reflect() {
  for (const [id, value] of [["seed-a", state.a], ["seed-b", state.b]]) {
    if (document.activeElement !== element(id) || element(id).validity.valid) element(id).value = value;
  }
  element("mix").value = state.mix;
  element("mix-value").textContent = `${Math.round(state.mix * 100)} %`;
  reflectWalk();
  for (const choice of element("label-choices").querySelectorAll("input, select")) {
    if (choice.type === "radio") choice.checked = Number(choice.value) === state.label;
    else if (choice.type === "checkbox") choice.checked = state.attributes[Number(choice.value)] === 1;
    else choice.value = state.label;
  }
}

function listen() {
  for (const [id, name] of [["seed-a", "a"], ["seed-b", "b"]]) {
    element(id).max = Number.MAX_SAFE_INTEGER;
    element(id).addEventListener("input", ({ target }) => {
      if (!target.validity.valid || target.value === "") return;
      state[name] = Number(target.value);
      changed();
    });
    element(id).addEventListener("change", reflect);
  }
  element("mix").addEventListener("input", ({ target }) => { stop(); state.mix = Number(target.value); changed(); });
  element("play").addEventListener("click", () => (playing ? stop() : play()));
  element("random").addEventListener("click", () => {
    Object.assign(state, { a: Math.floor(Math.random() * 100_000), b: Math.floor(Math.random() * 100_000) });
    changed();
  });
  element("download").addEventListener("click", () => {
    const { pixels, text, facts } = shown;
    download(`generated ${text}`, pixels, generator.card.image_shape, facts).catch(fail);
  });
  window.addEventListener("hashchange", follow);
  new ResizeObserver(fit).observe(element("mat"));
  window.addEventListener("resize", fit);
  listenToPad(changed);
}

function addLabels() {
  const { num_classes: classes, num_attributes: attributes } = generator.card;
  const count = classes ?? attributes;
  if (count === null) return;
  state.attributes = Array(attributes ?? 0).fill(0);
  element("labels-title").textContent = classes === null ? "Attributes" : "Class";
  const box = element("label-choices");
  if (classes !== null && count > MOST_BUTTONS) {
    const list = document.createElement("select");
    list.setAttribute("aria-labelledby", "labels-title");
    list.append(...Array.from({ length: count }, (_, index) => new Option(labelName(generator.card, index), index)));
    box.append(list);
  } else {
    const choices = Array.from({ length: count }, (_, index) => labelChoice(index, classes === null));
    box.classList.toggle("short", choices.every((choice) => choice.textContent.length <= 2));
    box.append(...choices);
  }
  box.addEventListener("change", ({ target }) => {
    if (target.type === "checkbox") state.attributes[Number(target.value)] = target.checked ? 1 : 0;
    else state.label = Number(target.value);
    changed();
  });
  element("labels").hidden = false;
}

function labelChoice(index, several) {
  const label = document.createElement("label");
  const input = document.createElement("input");
  Object.assign(input, { type: several ? "checkbox" : "radio", name: "label", value: index });
  label.append(input, labelName(generator.card, index));
  label.className = "choice";
  return label;
}

// --- The way between two seeds --------------------------------------------------------------------------------------

function play() {
  let before = performance.now();
  const frame = (now) => {
    state.mix += (direction * (now - before)) / WAY_MILLISECONDS;
    before = now;
    if (state.mix >= 1 || state.mix <= 0) {
      state.mix = Math.min(1, Math.max(0, state.mix));
      direction = -direction;
    }
    changed();
    playing = requestAnimationFrame(frame);
  };
  if (state.mix >= 1 || state.mix <= 0) direction = state.mix >= 1 ? -1 : 1;
  playing = requestAnimationFrame(frame);
  element("play").textContent = "Pause";
  element("play").setAttribute("aria-pressed", "true");
}

function stop() {
  if (!playing) return;
  cancelAnimationFrame(playing);
  playing = 0;
  state.mix = Math.round(state.mix * 100) / 100;
  element("play").textContent = "Play";
  element("play").setAttribute("aria-pressed", "false");
  changed();
}

// --- Start ----------------------------------------------------------------------------------------------------------

async function start() {
  element("message").textContent = "Loading the generator";
  generator = await Generator.load((share) => { element("progress").value = share; });
  const { dataset, image_shape: shape } = generator.card;
  addFacts(generator.card, dataset ? `trained on ${dataset}` : "", shapeWords(shape));
  addLabels();
  fit();
  listen();
  await follow();
  tellFirst();
  for (const control of document.querySelectorAll("button, input")) control.disabled = false;
  reflect();
}

// For the console, and for tests.
window.tfgan = {
  state,
  latents: (seed) => latentsOfSeed(seed, generator.card.latent_dim),
  images: (latents, labels) => generator.images(latents, labels),
  show: (change) => { Object.assign(state, change); return changed(); },
};
window.tfgan.ready = start().catch(fail);
