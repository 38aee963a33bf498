// A hole that is drawn over a picture, or lines that are drawn on paper: by a pointer, a finger or the keyboard.

import { element } from "./common.js";

const LONG_STEP = 8; // pixels
const MOST_UNDONE = 50;

// The pixels of a round brush, from that in which it stands.
function brush(across) {
  const middle = (across - 1) / 2;
  const places = [];
  for (let y = 0; y < across; y++) {
    for (let x = 0; x < across; x++) {
      if (Math.hypot(x - middle, y - middle) > across / 2) continue;
      places.push([x - Math.floor(middle), y - Math.floor(middle)]);
    }
  }
  return places;
}

export class Drawing {
  /**
   * `ink` and `blank` are the levels that drawing and erasing leave. `changed` is called with whether a stroke is done,
   * and `said` with what a screen reader shall say.
   */
  constructor([height, width], { ink, blank, across }, changed, said) {
    Object.assign(this, { height, width, ink, blank, across, changed, said });
    this.levels = new Uint8Array(height * width).fill(blank);
    this.isErasing = false;
    this.cursor = { x: width >> 1, y: height >> 1, isDown: false };
    this.before = [];
  }

  /** Takes other levels in place of these. */
  set(levels) {
    this.keep();
    this.levels = Uint8Array.from(levels);
  }

  /** Keeps what is there, to be brought back. */
  keep() {
    this.before = [...this.before, this.levels.slice()].slice(-MOST_UNDONE);
  }

  undo() {
    if (this.before.length === 0) return;
    this.levels = this.before.pop();
    this.changed(true);
  }

  clear() {
    this.set(new Uint8Array(this.levels.length).fill(this.blank));
    this.changed(true);
  }

  get isBlank() { return this.levels.every((level) => level === this.blank); }

  /** A straight line of the brush from pixel to pixel: Bresenham, 1965. */
  line([x, y], [toX, toY]) {
    const [across, down] = [Math.abs(toX - x), -Math.abs(toY - y)];
    const [right, below] = [Math.sign(toX - x), Math.sign(toY - y)];
    const places = brush(this.across);
    for (let error = across + down; ;) {
      for (const [dx, dy] of places) this.#mark(x + dx, y + dy);
      if (x === toX && y === toY) return;
      const twice = 2 * error;
      if (twice >= down) { error += down; x += right; }
      if (twice <= across) { error += across; y += below; }
    }
  }

  #mark(x, y) {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    this.levels[y * this.width + x] = this.isErasing ? this.blank : this.ink;
  }

  /** Listens to the canvas that shows it. */
  listen(canvas) {
    let last;
    const place = ({ clientX, clientY }) => {
      const box = canvas.getBoundingClientRect();
      return [Math.floor(((clientX - box.left) / box.width) * this.width),
        Math.floor(((clientY - box.top) / box.height) * this.height)];
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      canvas.setPointerCapture(event.pointerId);
      canvas.focus({ preventScroll: true });
      this.#showCursor(false);
      this.keep();
      last = place(event);
      this.line(last, last);
      this.changed(false);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!canvas.hasPointerCapture(event.pointerId)) return;
      const points = event.getCoalescedEvents?.() ?? [];
      for (const point of points.length ? points : [event]) {
        const next = place(point);
        this.line(last, next);
        last = next;
      }
      this.changed(false);
    });
    canvas.addEventListener("lostpointercapture", () => this.changed(true));
    canvas.addEventListener("keydown", (event) => { if (this.#hear(event)) event.preventDefault(); });
    document.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.key !== "z") return;
      event.preventDefault();
      this.undo();
    });
    canvas.addEventListener("blur", () => { this.#lift(); this.#showCursor(false); });
  }

  // Whether a key is one of the drawing's.
  #hear(event) {
    const step = event.shiftKey ? LONG_STEP : 1;
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.key === " ") this.#toggle();
    else if (event.key === "Delete") this.clear();
    else if (moves[event.key]) this.#move(...moves[event.key].map((way) => way * step));
    else return false;
    return true;
  }

  #toggle() {
    if (this.cursor.isDown) return this.#lift();
    this.cursor.isDown = true;
    this.keep();
    const { x, y } = this.cursor;
    this.line([x, y], [x, y]);
    this.#showCursor(true);
    this.changed(false);
  }

  #lift() {
    if (!this.cursor.isDown) return;
    this.cursor.isDown = false;
    this.said("Pen up");
    this.changed(true);
  }

  #move(right, below) {
    const { x, y, isDown } = this.cursor;
    const next = [Math.min(this.width - 1, Math.max(0, x + right)), Math.min(this.height - 1, Math.max(0, y + below))];
    [this.cursor.x, this.cursor.y] = next;
    this.#showCursor(true);
    if (!isDown) return;
    this.line([x, y], next);
    this.changed(false);
  }

  #showCursor(isShown) {
    const { x, y, isDown } = this.cursor;
    const mark = element("cursor");
    mark.hidden = !isShown;
    mark.style.left = `${((x + 0.5) / this.width) * 100}%`;
    mark.style.top = `${((y + 0.5) / this.height) * 100}%`;
    mark.classList.toggle("down", isDown);
    if (isShown) this.said(`Column ${x + 1}, row ${y + 1}, pen ${isDown ? "down" : "up"}`);
  }
}
