// Numbers and flags in plain words.

const FLAGS = {
  unlike_training: "This does not look like a frontal chest radiograph of the kind the model learned from. Its numbers mean little here.",
  blank: "This image is blank: all of one grey. Its numbers mean nothing.",
};

export function flagText(flag) {
  const own = FLAGS[flag.name];
  if (own) return own;
  if (flag.name === "not_checked") return "This model cannot tell whether an image suits it: it has no OOD check.";
  const meaning = flag.name === "pose" ? " The model learned from upright ones." : " Take its numbers with care.";
  return `This image ${flag.text}.${meaning}`;
}

export const spoken = (finding) => {
  // Abbreviations stay: Enlarged_PA is Enlarged PA.
  const words = finding.split(/[_ ]+/).map((word) => (word === word.toUpperCase() ? word : word.toLowerCase()));
  const text = words.join(" ");
  return text[0].toUpperCase() + text.slice(1);
};

// The calibrated probability where there is one, else the model's own score; the threshold on the same scale.
export function scoreOf(finding) {
  const calibrated = finding.probability !== null;
  const value = calibrated ? finding.probability : finding.score;
  const threshold = calibrated ? finding.probability_threshold : finding.threshold;
  return { calibrated, value, threshold, text: number(value, calibrated), limit: threshold === null ? null : number(threshold, calibrated) };
}

function number(value, calibrated) {
  if (!calibrated) return value.toFixed(2);
  const percent = value * 100;
  return `${percent > 0 && percent < 0.1 ? "< 0.1" : percent.toFixed(1)} %`;
}

export const decision = (finding) =>
  finding.positive === null ? "no threshold" : finding.positive ? "above threshold" : "below threshold";

export function capital(text) {
  return text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}

export function summary(findings) {
  const present = findings.filter((finding) => finding.positive).length;
  return `${present === 0 ? "No finding" : present === 1 ? "1 finding" : `${present} findings`} of ${findings.length} above threshold`;
}
