// What the page shows before a person brings a picture: drawn here, so that no picture of others is passed on.

import { drawn } from "./opening.js";

const SIDE = 512;

// A face in colours, or where all is grey a digit: light on dark, as grey data sets have them.
function face(context) {
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, SIDE, SIDE);
  const disc = (colour, x, y, across, high = across) => {
    context.fillStyle = colour;
    context.beginPath();
    context.ellipse(x, y, across, high, 0, 0, 2 * Math.PI);
    context.fill();
  };
  disc("#f5b82e", 256, 256, 220);
  disc("#ffd75e", 248, 244, 200);
  for (const x of [180, 332]) disc("#5b3a1a", x, 210, 30, 44);
  context.strokeStyle = "#5b3a1a";
  context.lineWidth = 30;
  context.lineCap = "round";
  context.beginPath();
  context.arc(256, 270, 116, 0.15 * Math.PI, 0.85 * Math.PI);
  context.stroke();
}

function digit(context) {
  context.fillStyle = "#000000";
  context.fillRect(0, 0, SIDE, SIDE);
  Object.assign(context, { strokeStyle: "#ffffff", lineWidth: 56, lineCap: "round", lineJoin: "round" });
  context.beginPath();
  context.arc(250, 170, 90, 1.15 * Math.PI, 0.5 * Math.PI);
  context.arc(250, 350, 90, 1.5 * Math.PI, 0.85 * Math.PI);
  context.stroke();
}

/** A picture for `fitted`. */
export function examplePicture(channels) {
  const paint = channels === 1 ? digit : face;
  return drawn(SIDE, SIDE, (context, top) => {
    context.translate(0, -top);
    paint(context);
  });
}

/** Lines of a face, each a list of points [x, y] with both sides from 0 to 1. */
export function exampleLines() {
  const arc = (x, y, across, from, to) => Array.from({ length: 25 }, (_, index) => {
    const angle = 2 * Math.PI * (from + ((to - from) * index) / 24);
    return [x + across * Math.cos(angle), y + across * Math.sin(angle)];
  });
  const eyes = [0.35, 0.65].map((x) => arc(x, 0.41, 0.07, 0, 1));
  return [arc(0.5, 0.5, 0.42, 0, 1), ...eyes, arc(0.5, 0.52, 0.24, 0.08, 0.42)];
}
