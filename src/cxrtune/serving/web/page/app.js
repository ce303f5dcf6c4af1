// The page: files in, one request each, two at a time; the chosen image in the middle.

import * as api from "./api.js";
import { byId, element, say } from "./dom.js";
import { saveJson, savePng } from "./download.js";
import { markChosen, showFailure, showFindings, showNothing } from "./findings.js";
import { GreyImage } from "./grey.js";
import { takeFiles } from "./intake.js";
import { addThumbnail, markOpen, showThumbnail } from "./strip.js";
import { newView, Viewer } from "./viewer.js";
import { capital, spoken, summary } from "./words.js";

const TOGETHER = 2;
const viewer = new Viewer();
const items = [];
const queue = [];
let working = 0;
let open = null;
let limits = null;

function take(files) {
  if (files.length === 0) return;
  const leaving = byId("welcome").contains(document.activeElement);
  byId("welcome").hidden = true;
  byId("workbench").hidden = false;
  byId("add").hidden = false;
  if (leaving) byId("add").focus();
  const first = items.length;
  for (const file of files) {
    const item = { file, name: file.name || "pasted image", state: "waiting", view: newView(), chosen: null, heat: null, note: "Scoring" };
    items.push(item);
    addThumbnail(item, show);
    queue.push(item);
  }
  say(files.length === 1 ? `${items[first].name} is being scored` : `${files.length} images are being scored`);
  show(items[first]);
  workOn();
}

async function workOn() {
  while (working < TOGETHER && queue.length) {
    working += 1;
    score(queue.shift()).finally(() => {
      working -= 1;
      workOn();
    });
  }
}

async function score(item) {
  try {
    if (limits && item.file.size > limits.body_bytes)
      throw new api.ServiceError({ reason: "body_too_large", message: `the file is larger than ${Math.floor(limits.body_bytes / 2 ** 20)} MB` });
    const answer = await api.predict(item.file, (seconds) => {
      item.note = `The service is busy; trying again in ${seconds} s`;
      if (item === open) show(item);
    });
    const { prediction } = answer.results[0];
    Object.assign(item, { model: answer.model, notice: answer.notice, prediction });
    item.image = new GreyImage(await decoded(prediction.image.png));
    delete prediction.image;
    item.state = "done";
    say(`${item.name}: ${summary(prediction.findings)}`);
  } catch (error) {
    item.state = "failed";
    item.error = error instanceof api.ServiceError ? error : { message: "the page failed to show this file" };
    say(`${item.name} was not scored: ${item.error.message}`);
  }
  showThumbnail(item);
  if (item === open) show(item);
}

async function decoded(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return createImageBitmap(new Blob([bytes], { type: "image/png" }));
}

function show(item) {
  open = item;
  markOpen(items, item);
  byId("file-name").textContent = item.name;
  byId("file-facts").textContent = "";
  byId("waiting").hidden = item.state === "done";
  byId("waiting").classList.toggle("still", item.state === "failed");
  byId("waiting").textContent = item.state === "failed" ? "No radiograph" : item.note;
  byId("workbench").classList.toggle("failed", item.state === "failed");
  if (item.state === "done") {
    const { width, height } = item.prediction;
    byId("file-facts").textContent = `${width} × ${height} pixels`;
    viewer.open(item.image, item.view, `Radiograph ${item.name}, ${width} by ${height} pixels`);
    showFindings(item.prediction, item.chosen, choose);
    layHeat(item);
  } else {
    viewer.close(item.state === "failed" ? "No radiograph: the file was not scored" : "No radiograph yet");
    viewer.lay(null);
    if (item.state === "failed") showFailure(item.error);
    else showNothing();
  }
}

async function choose(finding) {
  const item = open;
  item.chosen = item.chosen === finding ? null : finding;
  markChosen(item.chosen);
  if (item.chosen === null) {
    say("Heatmap off");
    viewer.lay(null);
    return;
  }
  try {
    // All of them come at once, and are kept as long as the page.
    item.heat ??= heatmapsOf(item);
    await item.heat;
    if (item === open) await layHeat(item);
    if (item.chosen) say(`Heatmap for ${spoken(item.chosen)}`);
  } catch (error) {
    item.heat = null;
    item.chosen = null;
    markChosen(null);
    byId("failure").replaceChildren(element("p", { className: "call bad" }, `No heatmap: ${capital(error.message)}`));
  }
}

async function heatmapsOf(item) {
  const { heatmaps } = await api.heatmaps(item.file);
  return new Map(
    await Promise.all(heatmaps.map(async (one) => [one.finding, await decoded(one.image.png)])),
  );
}

async function layHeat(item) {
  const maps = item.chosen ? await item.heat : null;
  if (item === open) viewer.lay(maps?.get(item.chosen) ?? null, item.chosen && spoken(item.chosen));
}

function describe(model) {
  limits = model.accepts;
  const facts = {
    Model: model.model.title,
    "SHA-256": model.model.sha256,
    "Run by": model.model.engine,
    Recipe: `${model.recipe}, ${model.input_size} × ${model.input_size} pixels`,
    Findings: model.findings.map((finding) => finding.spoken).join(", "),
    Thresholds: model.threshold_rule || "none",
    "OOD check": model.ood_check ? "yes" : "no: out-of-distribution images are not flagged",
    Takes: `PNG, JPEG, DICOM; up to ${Math.floor(limits.body_bytes / 2 ** 20)} MB and ${limits.pixels / 1e6} million pixels`,
    Version: `cxrtune ${model.version}`,
  };
  byId("about-facts").replaceChildren(
    ...Object.entries(facts).flatMap(([name, fact]) => [element("dt", {}, name), element("dd", {}, fact)]),
  );
}

takeFiles(take);
byId("save-json").addEventListener("click", () => saveJson(open));
byId("save-png").addEventListener("click", () => savePng(open, viewer));
byId("about-open").addEventListener("click", () => byId("about").showModal());
try {
  describe(await api.model());
} catch (error) {
  byId("problem").textContent = `${capital(error.message)} ${error.remedy ?? ""}`;
  byId("problem").hidden = false;
}
