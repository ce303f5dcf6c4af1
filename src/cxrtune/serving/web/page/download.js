// The result as a file: all numbers as JSON, or what is seen as PNG.

import { element } from "./dom.js";
import { scoreOf, spoken } from "./words.js";

const stem = (name) => name.replace(/\.[^.]*$/, "") || "radiograph";

export function saveJson(item) {
  const { image, ...prediction } = item.prediction;
  const content = { model: item.model, name: item.name, prediction, notice: item.notice };
  save(new Blob([JSON.stringify(content, null, 2)], { type: "application/json" }), `${stem(item.name)}.json`);
}

export async function savePng(item, viewer) {
  const { width, height } = item.image;
  const size = Math.max(12, Math.round(width / 48));
  const lines = captions(item);
  const canvas = new OffscreenCanvas(width, height + Math.round(size * (1.5 * lines.length + 1)));
  const context = canvas.getContext("2d");
  context.fillStyle = "#0b0f12";
  context.fillRect(0, 0, canvas.width, canvas.height);
  viewer.drawWhole(context);
  context.fillStyle = "#d5dde3";
  context.font = `${size}px system-ui, sans-serif`;
  context.textBaseline = "top";
  lines.forEach((line, index) => context.fillText(line, size, height + size * (0.75 + 1.5 * index), width - 2 * size));
  save(await canvas.convertToBlob({ type: "image/png" }), `${stem(item.name)}${item.chosen ? `-${item.chosen}` : ""}.png`);
}

function captions(item) {
  const lines = [];
  const finding = item.prediction.findings.find((one) => one.finding === item.chosen);
  if (finding) {
    const score = scoreOf(finding);
    const limit = score.limit === null ? "" : `, threshold ${score.limit}`;
    lines.push(`${spoken(finding.finding)}: ${score.calibrated ? "" : "score "}${score.text}${limit}. Heatmap: where, not how likely.`);
  }
  lines.push(`Model ${item.model.sha256.slice(0, 12)}. ${item.notice}`);
  return lines;
}

function save(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = element("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
