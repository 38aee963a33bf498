// The pad: a disc on which the walk is a point, for a pointer and for the keyboard.

import { element } from "./common.js";
import { moveTo, RIM, state } from "./state.js";

const STEP = 3, LONG_STEP = 15; // degrees

/** The walk on the pad. */
export function reflectWalk() {
  element("walk-x").value = state.x;
  element("walk-y").value = state.y;
  element("walk-x").setAttribute("aria-valuetext", `${Math.round(state.x)} degrees right`);
  element("walk-y").setAttribute("aria-valuetext", `${Math.round(state.y)} degrees up`);
  element("knob").style.left = `${50 + (50 * state.x) / RIM}%`;
  element("knob").style.top = `${50 - (50 * state.y) / RIM}%`;
  element("centre").disabled = state.x === 0 && state.y === 0;
}

/** Listens to the pad; `changed` is called when the walk has moved. */
export function listenToPad(changed) {
  const go = (x, y) => { moveTo(x, y); changed(); };
  const pad = element("pad");
  const follow = (event) => {
    const box = pad.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    go(RIM * (2 * x - 1), RIM * (1 - 2 * y));
  };
  pad.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    pad.setPointerCapture(event.pointerId);
    element("walk-x").focus({ preventScroll: true });
    follow(event);
  });
  pad.addEventListener("pointermove", (event) => { if (pad.hasPointerCapture(event.pointerId)) follow(event); });
  const keys = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  pad.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? LONG_STEP : STEP;
    if (event.key === "Home") go(0, 0);
    else if (keys[event.key]) go(state.x + step * keys[event.key][0], state.y + step * keys[event.key][1]);
    else return;
    event.preventDefault(); // a range would move along its own axis
  });
  for (const id of ["walk-x", "walk-y"]) {
    element(id).addEventListener("input", () => go(Number(element("walk-x").value), Number(element("walk-y").value)));
  }
  element("centre").addEventListener("click", () => {
    go(0, 0);
    element("walk-x").focus({ preventScroll: true }); // the button that had the focus is off now
  });
}
