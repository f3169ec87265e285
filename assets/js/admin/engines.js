// Every engine, whether it can run here and why not, and the models that are in memory now.

import { h, own } from "../dom.js";
import { look } from "./calls.js";
import { code, size, table } from "./parts.js";

const ENGINES = [
  { title: "Task", of: (one) => one.task },
  { title: "Engine", of: (one) => own(one.name) },
  { title: "Here", of: (one) => h(one.is_available ? "span.short" : "span.short.dim", {}, one.is_default ? "taken first" : one.is_available ? "available" : "missing") },
  { title: "Licence", of: (one) => own(one.licence) },
  { title: "Why", of: (one) => own(one.why) },
];
const MODELS = [
  { title: "Model", of: (one) => own(one.name) },
  { title: "On", of: (one) => code(one.device) },
  { title: "Memory", of: (one) => own(size(one.size_bytes)), isNumber: true },
  { title: "In use", of: (one) => (one.is_in_use ? "yes" : "no") },
  { title: "Process", of: (one) => code(one.process) },
];

async function paint(place) {
  const seen = await look("engines");
  const models = seen.workers.flatMap((worker) => worker.state.models.map((model) => ({ ...model, process: `${worker.host}:${worker.pid}` })));
  place.append(h("h2", {}, "Models in memory"), table("Models in memory", MODELS, models, "No model is in memory; each is loaded when it is first needed."), h("h2", {}, "Engines"), table("Engines", ENGINES, seen.engines, "There are no engines."));
}

export const engines = { paint, isLive: true };
