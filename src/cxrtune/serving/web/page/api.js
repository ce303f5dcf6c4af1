// Asks the service. A failure is an error with the service's own reason, message and remedy.

import { askForToken } from "./token.js";

const TRIALS = 6;
let token = null;

export class ServiceError extends Error {
  constructor({ reason, message, remedy }, results) {
    super(message);
    this.reason = reason;
    this.remedy = remedy;
    this.results = results;
  }
}

const UNREACHABLE = { reason: "unreachable", message: "the service does not answer", remedy: "Is it still running?" };

export const model = () => ask("/v1/model");

export const predict = (file, waiting) =>
  ask("/v1/predictions?image=true", { method: "POST", body: form(file) }, waiting);

export const heatmaps = (file) => ask("/v1/heatmaps?layer=heat&side=384", { method: "POST", body: form(file) });

function form(file) {
  const data = new FormData();
  data.append("files", file, file.name);
  return data;
}

async function ask(path, options = {}, waiting = () => {}) {
  for (let trial = 1; ; trial += 1) {
    const used = token;
    const headers = used === null ? {} : { Authorization: `Bearer ${used}` };
    let answer;
    try {
      answer = await fetch(path, { ...options, headers, credentials: "omit", cache: "no-store" });
    } catch {
      throw new ServiceError(UNREACHABLE);
    }
    const content = await answer.json().catch(() => null);
    if (answer.ok && content !== null) return content;
    if (answer.status === 401) {
      // Another request may have asked already.
      if (token === used) token = await askForToken(used !== null);
      continue;
    }
    const seconds = Number(answer.headers.get("Retry-After"));
    if (answer.status === 503 && seconds > 0 && trial < TRIALS) {
      waiting(seconds);
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      continue;
    }
    throw new ServiceError(content?.error ?? UNREACHABLE, content?.results);
  }
}
