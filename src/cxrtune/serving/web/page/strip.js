// Thumbnails of all images, with how many findings each has above threshold.

import { byId, element } from "./dom.js";

const SIDE = 160;

export function addThumbnail(item, open) {
  item.button = element("button", { type: "button" }, element("span", { className: "spin" }));
  item.button.addEventListener("click", () => open(item));
  byId("strip").append(item.button);
  showThumbnail(item);
}

export function showThumbnail(item) {
  const { button, name, state } = item;
  if (state === "waiting") {
    button.setAttribute("aria-label", `${name}: being scored`);
    return;
  }
  button.replaceChildren();
  if (state === "failed") {
    button.append(element("span", { className: "mark failed" }, "!"));
    button.setAttribute("aria-label", `${name}: not scored`);
    return;
  }
  const count = item.prediction.findings.filter((finding) => finding.positive).length;
  button.append(image(item.image), element("span", { className: count ? "mark" : "mark none" }, String(count)));
  button.setAttribute("aria-label", `${name}: ${count} above threshold`);
}

export function markOpen(items, open) {
  for (const item of items) item.button.setAttribute("aria-current", item === open);
}

function image(grey) {
  const canvas = element("canvas", { width: SIDE, height: SIDE });
  const side = Math.min(grey.width, grey.height);
  const corner = [(grey.width - side) / 2, (grey.height - side) / 2];
  canvas.getContext("2d").drawImage(grey.canvas, ...corner, side, side, 0, 0, SIDE, SIDE);
  return canvas;
}
