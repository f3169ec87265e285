// How the studio stands: its checks, work of everybody, servers, workers and GPUs.

import { h, own } from "../dom.js";
import { words } from "../words.js";
import { act, look } from "./calls.js";
import { code, lasting, size, table, twice } from "./parts.js";

const CHECKS = { database: "Database", schema: "Schema", files: "Files", disk: "Disk", queue: "Queue" };
const DISKS = { home: "free disk", files: "free disk for files" };
const PRIORITIES = { desk: "At the desk", film: "Whole film", batch: "Batch" };

const fact = (label, value, hint = "") => h("div.fact", {}, h("b", {}, own(String(value))), h("span.dim", {}, label), hint && h("span.faint", {}, own(hint)));

async function paint(place, { say, again }) {
  const now = await look("overview");
  const isAtWork = (job) => job.state === "running";
  place.append(
    h("ul.checks", {}, now.checks.map((check) => h(check.is_ok ? "li.ok" : "li.bad", {}, h("b", {}, CHECKS[check.name] ?? check.name), " ", check.sentence))),
    h("div.facts", {}, fact("people here now", now.sessions), fact("projects", now.projects), fact("jobs at work", now.jobs.filter(isAtWork).length), fact("jobs waiting", now.jobs.length - now.jobs.filter(isAtWork).length), fact("uploads open", now.uploads), now.disks.map((disk) => fact(DISKS[disk.folder] ?? disk.folder, size(disk.free_bytes), `/ ${size(disk.total_bytes)}`))),
    h("h2", {}, "Work"),
    table("Work", jobColumns(say, again), now.jobs, "Nothing is at work and nothing waits."),
    h("h2", {}, "Servers and workers"),
    table("Servers and workers", WORKERS, now.workers, "No process has given a sign of life yet."),
    h("h2", {}, "GPUs"),
    table("GPUs", GPUS, gpus(now), "No process has a GPU."),
  );
}

const jobColumns = (say, again) => [
  { title: "State", of: (job) => (job.state === "running" ? "At work" : "Waits") },
  { title: "For", of: (job) => own(job.owner) },
  { title: "Kind", of: (job) => [own(job.kind), job.lines ? own(` · ${job.lines}`) : ""] },
  { title: "Urgency", of: (job) => PRIORITIES[job.priority] ?? own(job.priority) },
  { title: "Stage", of: (job) => (job.state === "running" ? own(`${job.stage}${job.total ? ` ${job.done}/${job.total}` : ""}`) : (job.waiting_for || own("–"))) },
  { title: "Since", of: (job) => own(lasting(job.age_s)), isNumber: true },
  { title: "Project", of: (job) => code(job.project_id.slice(0, 8)) },
  { title: "", of: (job) => twice("Cancel", () => act("cancel", { job_id: job.id }).then(again, (error) => say(error.message))) },
];

const WORKERS = [
  { title: "Process", of: (one) => code(`${one.host}:${one.pid}`) },
  { title: "Kind", of: (one) => (one.kind === "worker" ? "Worker" : "Server") },
  { title: "Sign of life", of: (one) => (one.is_alive ? own(words("{*0} ago").replace("{*0}", lasting(one.seen_s))) : h("span.bad", {}, "gone")) },
  { title: "Jobs", of: (one) => own(String(one.state.jobs.length)), isNumber: true },
  { title: "Models in memory", of: (one) => own(one.state.models.map((model) => `${model.name} ${size(model.size_bytes)}`).join(", ") || "–") },
];

function gpus(now) {
  const rows = new Map();
  for (const one of now.workers.filter((worker) => worker.is_alive))
    for (const gpu of one.gpus) rows.set(gpu.key, { ...gpu, used_bytes: one.state.used_bytes?.[gpu.name] ?? rows.get(gpu.key)?.used_bytes ?? null });
  for (const lease of now.leases) rows.set(lease.device, { key: lease.device, label: "", total_bytes: null, used_bytes: null, ...rows.get(lease.device), lease });
  return [...rows.values()];
}

const GPUS = [
  { title: "GPU", of: (gpu) => [code(gpu.key), own(` ${gpu.label}`)] },
  { title: "Memory", of: (gpu) => own(gpu.total_bytes === null ? "–" : `${gpu.used_bytes === null ? "?" : size(gpu.used_bytes)} / ${size(gpu.total_bytes)}`), isNumber: true },
  { title: "Lent to job", of: (gpu) => (gpu.lease?.worker ? code(gpu.lease.job_id.slice(0, 8)) : "free") },
  { title: "Since", of: (gpu) => own(gpu.lease?.worker ? lasting(gpu.lease.held_s) : "–"), isNumber: true },
];

export const overview = { paint, isLive: true };
