// The list of findings: those above their threshold first, then by how near they come to it.

import { byId, element } from "./dom.js";
import { capital, decision, flagText, scoreOf, spoken } from "./words.js";

// Where a bar ends, in percent. The threshold is in the middle, so that it is one line down the list.
function reach({ value, threshold }) {
  if (threshold === null) return value * 100;
  if (value <= threshold) return threshold > 0 ? (50 * value) / threshold : 50;
  return 50 + (50 * (value - threshold)) / (1 - threshold);
}

const GROUPS = [
  ["Above threshold", true],
  ["Below threshold", false],
  ["Without threshold", null],
];

export function inOrder(findings) {
  return [...findings].sort(
    (one, other) => Number(other.positive) - Number(one.positive) || reach(scoreOf(other)) - reach(scoreOf(one)),
  );
}

export function showFindings(prediction, chosen, choose) {
  byId("scores").hidden = false;
  const ordered = inOrder(prediction.findings);
  const groups = GROUPS.map(([title, present]) => [title, ordered.filter((finding) => finding.positive === present)]);
  byId("list").replaceChildren(
    ...groups.filter(([, found]) => found.length).map(([title, found]) => group(title, found, chosen, choose)),
  );
  showQuality(prediction.quality);
}

export function markChosen(chosen) {
  for (const button of byId("list").querySelectorAll("button"))
    button.setAttribute("aria-pressed", button.dataset.finding === chosen);
}

export function showFailure(error) {
  byId("scores").hidden = true;
  byId("quality").replaceChildren();
  const remedy = error.remedy ? ` ${error.remedy}` : "";
  const call = element("p", { className: "call bad" }, element("strong", {}, "This file was not scored"));
  call.append(`${error.reason === "unreadable_image" ? `It ${error.message}.` : capital(error.message)}${remedy}`);
  byId("failure").replaceChildren(call);
}

export function showNothing() {
  byId("scores").hidden = true;
  byId("quality").replaceChildren();
  byId("failure").replaceChildren();
}

function showQuality({ flags }) {
  byId("failure").replaceChildren();
  const calls = flags.map((flag) => element("p", { className: "call doubt" }, flagText(flag)));
  const fine = element("p", { className: "call fine" }, "The image looks like those that the model learned from.");
  byId("quality").replaceChildren(...(calls.length ? calls : [fine]));
}

function group(title, findings, chosen, choose) {
  const heading = element("h3", {}, title, element("span", {}, String(findings.length)));
  const rows = findings.map((finding) => row(finding, chosen, choose));
  return element("section", { "aria-label": title }, heading, element("ul", {}, ...rows));
}

function row(finding, chosen, choose) {
  const score = scoreOf(finding);
  const fill = element("span", { className: "fill" });
  fill.style.width = `${reach(score)}%`;
  const track = element("span", { className: "track" }, fill);
  if (score.threshold !== null) {
    const tick = element("span", { className: "tick" });
    tick.style.left = "50%";
    track.append(tick);
  }
  const limit = score.limit === null ? "" : `threshold ${score.limit}`;
  const kind = score.calibrated ? "" : "score ";
  const value = element("span", { className: "value" }, element("small", {}, kind), score.text);
  const button = element(
    "button",
    {
      type: "button",
      className: finding.positive ? "present" : "",
      "aria-pressed": finding.finding === chosen,
      "aria-label": `${spoken(finding.finding)}: ${kind}${score.text}, ${decision(finding)}${limit && `, ${limit}`}. Show heatmap`,
    },
    element("span", { className: "name" }, spoken(finding.finding)),
    value,
    track,
    element("span", { className: "threshold" }, limit),
  );
  button.dataset.finding = finding.finding;
  button.addEventListener("click", () => choose(finding.finding));
  return element("li", {}, button);
}
