// The page of a translator: a picture, and what is drawn on it -> levels -> the answer.

import { addFacts, download, element, fail, grow, room, scaleIn, shapeWords, tellFirst } from "./common.js";
import { Drawing } from "./drawing.js";
import { exampleLines, examplePicture } from "./example.js";
import { fitted } from "./fitting.js";
import { opened, Refusal } from "./opening.js";
import { draw } from "./picture.js";
import { Translator } from "./translator.js";

const LIVE_SECONDS = 0.1; // up to which an answer follows a stroke while it is drawn
const PATIENT_SECONDS = 2; // from which on a person is asked before this window stands still
const REST_MILLISECONDS = 500; // before a screen reader is told
const OVERLAY = [214, 51, 132]; // of a hole
const EXAMPLE = "the example", DRAWING = "your drawing";

// What models of degraded pictures do, by the name of the degradation.
const TASKS = {
  mask: "Fills the hole that you draw.",
  noise: "Takes the noise out of a picture.",
  downscale: "Makes a small picture larger.",
  grey: "Colours a grey picture.",
  edges: "Makes a picture of the lines that you draw.",
  watermark: "Takes words off a picture.",
  old_photo: "Mends an old photo.",
  jpeg: "Takes out what JPEG has left.",
};

let translator, card;
let drawing = null; // a hole, or lines; null where there is nothing to draw
let base; // levels of the picture below a hole
let name = EXAMPLE; // of the picture
let shown; // levels and words of the answer on the screen
let wanted = false, working = false;
let resting;

const drawsLines = () => card.pairs?.degrade === "edges" && card.source_shape[2] === 1;
const givenShape = () => [...card.source_shape.slice(0, 2), card.source_shape[2] - card.has_mask];

function secondsWords(seconds) {
  if (seconds < 0.005) return "less than 0.01 s";
  return `${seconds.toFixed(seconds < 0.1 ? 2 : seconds < 10 ? 1 : 0)} s`;
}

// --- The answer -----------------------------------------------------------------------------------------------------

// Makes the newest answer asked for; what was asked for in between is left out.
async function answer() {
  wanted = true;
  if (working) return;
  working = true;
  try {
    while (wanted) {
      wanted = false;
      const pixels = drawsLines() ? drawing.levels.slice() : base;
      const mask = card.has_mask ? drawing.levels.slice() : null;
      const text = `Answer to ${name}`;
      if (!translator.isMeasured || translator.seconds > LIVE_SECONDS) {
        element("message").textContent = `Working. It takes about ${secondsWords(translator.seconds)}.`;
        await painted();
      }
      const image = await translator.image(pixels, mask);
      shown = { pixels: image, text };
      draw(element("picture"), image, card.target_shape);
      element("picture").setAttribute("aria-label", text);
      element("message").textContent = `${text}, made in ${secondsWords(translator.seconds)}`;
      element("download").disabled = false;
      element("run").hidden = true;
      tellExpected();
      Object.assign(window.tfgan, { image, source: pixels, mask });
      await new Promise(requestAnimationFrame);
    }
  } finally {
    working = false;
  }
}

// Until the screen shows what was written, since no line runs beside the model.
const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));

function tellExpected() {
  const which = translator.isMeasured ? "The next answer" : "An answer";
  element("expected").textContent = `${which} takes about ${secondsWords(translator.seconds)}, on one thread.`;
}

// Answers at once, or asks first where that would take long.
function ask() {
  clearTimeout(resting);
  resting = setTimeout(() => { element("status").textContent = element("message").textContent; }, REST_MILLISECONDS);
  if (translator.seconds <= PATIENT_SECONDS) return answer().catch(fail);
  element("run").hidden = false;
  element("run").textContent = `Make the answer (about ${secondsWords(translator.seconds)})`;
  element("message").textContent = shown ? "The picture has changed since this answer." : "No answer yet";
  return Promise.resolve();
}

// --- The picture ----------------------------------------------------------------------------------------------------

// What a stroke has changed; while it goes on only what is quick is answered.
function drawn(isDone) {
  if (drawsLines()) call(DRAWING);
  paint();
  if (isDone || (translator.isMeasured && translator.seconds <= LIVE_SECONDS)) ask();
}

function paint() {
  const canvas = element("source");
  if (card.has_mask) draw(canvas, withHole(), [...card.source_shape.slice(0, 2), 4]);
  else draw(canvas, drawsLines() ? drawing.levels : base, givenShape());
  const what = drawsLines() ? "Drawing" : "Picture";
  const hole = card.has_mask ? (drawing.isBlank ? ", without a hole" : ", with a hole") : "";
  canvas.setAttribute("aria-label", `${what}: ${name}${hole}`);
  element("undo").disabled = !drawing?.before.length;
  element("clear").disabled = !drawing || drawing.isBlank;
}

// The picture with a pattern over its hole, which is seen on any colour: RGBA.
function withHole() {
  const [, width, channels] = givenShape();
  const pixels = new Uint8Array(drawing.levels.length * 4);
  drawing.levels.forEach((level, at) => {
    const below = [0, 1, 2].map((colour) => base[at * channels + (channels > 2 ? colour : 0)]);
    const share = level === 0 ? 0 : ((at % width) + Math.floor(at / width)) % 2 ? 0.95 : 0.75;
    const alpha = channels === 4 && level === 0 ? base[at * 4 + 3] : 255;
    pixels.set([...below.map((value, colour) => share * OVERLAY[colour] + (1 - share) * value), alpha], at * 4);
  });
  return pixels;
}

// What the picture is called from now on.
function call(called) {
  name = called;
  const words = { [EXAMPLE]: "(an example)", [DRAWING]: "" };
  element("source-text").textContent = words[called] ?? `(${called})`;
}

function use(levels, called) {
  call(called);
  if (drawsLines()) drawing.set(levels);
  else base = levels;
  tell(null);
  paint();
  return ask();
}

function useExample() {
  const [height, width, channels] = givenShape();
  if (!drawsLines()) {
    if (card.has_mask) useExampleHole(height, width);
    return use(fitted(examplePicture(channels), card), EXAMPLE);
  }
  const paper = new Drawing(card.source_shape, { ink: 0, blank: 255, across: 1 });
  for (const points of exampleLines()) {
    const places = points.map(([x, y]) => [Math.round(x * (width - 1)), Math.round(y * (height - 1))]);
    places.slice(1).forEach((place, index) => paper.line(places[index], place));
  }
  return use(paper.levels, EXAMPLE);
}

// A box of a quarter of the area, as in training.
function useExampleHole(height, width) {
  const [top, left] = [Math.round(height * 0.3), Math.round(width * 0.36)];
  const isIn = (at, start, side) => at >= start && at < start + Math.round(side / 2);
  drawing.set(drawing.levels.map((_, at) =>
    (isIn(Math.floor(at / width), top, height) && isIn(at % width, left, width) ? 255 : 0)));
}

async function take(file) {
  if (!file) return;
  try {
    const levels = fitted(await opened(file), card);
    await use(levels, file.name || "the pasted picture");
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    tell(error.message);
  }
}

function tell(notice) {
  element("notice").textContent = notice ?? "";
  element("notice").hidden = notice === null;
}

// --- Controls -------------------------------------------------------------------------------------------------------

function listen() {
  element("choose").addEventListener("click", () => element("file").click());
  element("file").addEventListener("change", ({ target }) => {
    take(target.files[0]).catch(fail);
    target.value = ""; // so that the same file can be chosen again
  });
  element("example").addEventListener("click", useExample);
  element("run").addEventListener("click", () => answer().catch(fail));
  element("download").addEventListener("click", () => {
    const facts = { Software: card.made_by, generator: card.name };
    download(`translated ${shown.text}`, shown.pixels, card.target_shape, facts).catch(fail);
  });
  document.addEventListener("paste", ({ clipboardData: { files } }) => {
    if (files.length === 0) tell("The clipboard holds no picture.");
    else take(files[0]).catch(fail);
  });
  listenToDrops();
  for (const id of ["mat-given", "mat-made"]) new ResizeObserver(fit).observe(element(id));
  window.addEventListener("resize", fit);
}

// Anywhere on the page, so that a picture that is dropped beside does not replace it.
function listenToDrops() {
  const over = (isOver) => element("mat-given").classList.toggle("over", isOver);
  document.addEventListener("dragover", (event) => { event.preventDefault(); over(true); });
  document.addEventListener("dragleave", (event) => { if (event.relatedTarget === null) over(false); });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    over(false);
    const { files } = event.dataTransfer;
    if (files.length === 0) tell("That is no file. Save the picture first, and drop its file here.");
    else if (files.length > 1) tell("Drop one picture at a time.");
    else take(files[0]).catch(fail);
  });
}

function addDrawing() {
  if (!card.has_mask && !drawsLines()) return;
  const pen = drawsLines() ? { ink: 0, blank: 255, across: 1 }
    : { ink: 255, blank: 0, across: Math.max(1, Math.round(card.source_shape[1] / 8)) };
  const say = (words) => { element("status").textContent = words; };
  drawing = new Drawing(card.source_shape, pen, drawn, say);
  const canvas = element("source");
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-describedby", "help");
  canvas.classList.add("drawn");
  drawing.listen(canvas);
  element("tools").hidden = false;
  element("pen-draw").textContent = drawsLines() ? "Draw" : "Hole";
  element("width").value = pen.across;
  element("width").max = Math.max(4, Math.round(card.source_shape[1] / 4));
  element("width").addEventListener("input", reflectPen);
  element("pens").addEventListener("change", reflectPen);
  element("undo").addEventListener("click", () => refocused(() => drawing.undo()));
  element("clear").addEventListener("click", () => refocused(() => drawing.clear()));
  reflectPen();
}

// A button that turns itself off hands the focus on.
function refocused(action) {
  action();
  if (document.activeElement === document.body || document.activeElement.disabled) {
    element("source").focus({ preventScroll: true });
  }
}

// Lines are one pixel wide, as those that such a model has learned from; an eraser is as wide as one likes.
function reflectPen() {
  drawing.isErasing = document.querySelector("#pens input:checked").value === "erase";
  const isFixed = drawsLines() && !drawing.isErasing;
  element("width-label").hidden = isFixed;
  drawing.across = isFixed ? 1 : Number(element("width").value);
}

// Both pictures at one size on the screen, each at a whole multiple of its pixels where there is room.
function fit() {
  if (!translator) return;
  const [source, target] = [card.source_shape, card.target_shape];
  const factor = target[0] / source[0];
  const scale = Math.min(...["mat-given", "mat-made"].map((id) => scaleIn(room(element(id)), target)));
  grow(element("source"), source, scale * factor);
  grow(element("picture"), target, scale);
}

// --- Start ----------------------------------------------------------------------------------------------------------

const FITS = { crop: "cropped to its middle", pad: "with edges where its shape is another", stretch: "stretched" };

function helpWords() {
  const [height, width] = card.source_shape;
  const size = `It is brought to ${width} × ${height} pixels, ${FITS[card.fit]}.`;
  const bring = `Drop a picture on this page, paste one, or choose one. ${size}`;
  const keys = "With the keyboard: arrow keys, and Space for pen down and up.";
  if (drawsLines()) return `Draw with the pen. A picture of black lines on white can be dropped or pasted. ${keys}`;
  return card.has_mask ? `${bring} Draw over what shall be filled. ${keys}` : bring;
}

function sizeWords() {
  const [given, made] = [givenShape(), card.target_shape].map(shapeWords);
  return given === made ? given : `${given}, to ${made}`;
}

async function start() {
  element("message").textContent = "Loading the translator";
  translator = await Translator.load((share) => { element("progress").value = share; });
  card = translator.card;
  const task = TASKS[card.pairs?.degrade] ?? "Makes another picture of yours.";
  const data = card.dataset?.replace(/^\/.*\//, ""); // without the folders of another's disk
  addFacts(card, data ? `${task} Trained on ${data}.` : task, sizeWords());
  element("help").textContent = helpWords();
  if (drawsLines()) element("given-title").textContent = "Your drawing";
  addDrawing();
  tellExpected();
  fit();
  listen();
  await useExample();
  if (drawing) drawing.before = [];
  if (shown) tellFirst();
  element("progress").hidden = true;
  for (const control of document.querySelectorAll("button, input")) {
    if (control.id !== "download") control.disabled = false;
  }
  paint();
}

// For the console, and for tests.
window.tfgan = {};
window.tfgan.ready = start().catch(fail);
