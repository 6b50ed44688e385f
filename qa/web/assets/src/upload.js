// The upload page: what was dropped, sent a few at a time, then followed until it is analysed.

import { ask, texts } from "./lib/page.js";
import { upload } from "./lib/tus.js";

const AT_ONCE = 3;
const FOLLOWED = 3; // browsers keep six connections to a host, and each that is followed takes one
const t = texts();
const zone = document.getElementById("drop");
const section = document.getElementById("sending");
const body = section.querySelector("tbody");
const model = document.getElementById("row");
const most = Number(zone.dataset.most);

/** Everything on the page: file, row, state (waiting, sending, queued, running, done, duplicate, skipped, failed). */
const items = [];

function size(bytes) {
  const units = ["B", "KB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(unit < 2 ? 0 : 1)} ${units[unit]}`;
}

function add(file) {
  if (file.name.startsWith(".") || /^(thumbs\.db|desktop\.ini)$/i.test(file.name)) return;
  if (items.some((one) => one.file.name === file.name && one.file.size === file.size && one.file.lastModified === file.lastModified)) return;
  const row = model.content.firstElementChild.cloneNode(true);
  const item = { file, row, state: "waiting", share: 0, told: "", recording: null, abort: null };
  row.querySelector("[data-name]").textContent = file.webkitRelativePath || file.name;
  row.querySelector("[data-size]").textContent = size(file.size);
  row.querySelector("[data-retry]").addEventListener("click", () => again(item));
  row.querySelector("[data-drop]").addEventListener("click", () => remove(item));
  items.push(item);
  body.append(row);
  section.hidden = false;
  if (file.size > most) set(item, "failed", { told: t("too_large", { size: size(most) }) });
  else if (file.size === 0) set(item, "failed", { told: t("empty") });
  else set(item, "waiting");
}

const LOOK = { failed: "failed", done: "passed", sending: "active", running: "active" };

function set(item, state, { share = 0, told = "" } = {}) {
  Object.assign(item, { state, share, told });
  const { row } = item;
  const chip = row.querySelector("[data-state]");
  chip.className = `chip ${LOOK[state] ?? ""}`;
  chip.textContent = t(state);
  const bar = row.querySelector("progress");
  bar.hidden = !["sending", "running"].includes(state);
  bar.value = share;
  const words = row.querySelector("[data-told]");
  words.textContent = told;
  words.classList.toggle("quiet", state !== "failed");
  row.querySelector("[data-retry]").hidden = state !== "failed" || item.file.size > most || item.file.size === 0;
  if (item.recording) row.querySelector("[data-name]").href = `/recordings/${item.recording}`;
  summarise();
}

let pending = false;
function summarise() {
  if (pending) return;
  pending = true;
  requestAnimationFrame(() => {
    pending = false;
    const number = (...states) => items.filter((item) => states.includes(item.state)).length;
    const over = number("done", "duplicate", "skipped");
    const failed = number("failed");
    section.querySelector("[data-summary]").textContent =
      t("summary", { all: items.length, done: over }) + (failed ? t("summary_failed", { failed }) : "");
    const bytes = items.reduce((sum, item) => sum + item.file.size, 0) || 1;
    const part = { waiting: () => 0, sending: (item) => item.share * 0.5, failed: () => 1, queued: () => 0.5, running: () => 0.75 };
    const sent = items.reduce((sum, item) => sum + item.file.size * (part[item.state]?.(item) ?? 1), 0);
    section.querySelector("[data-total]").value = sent / bytes;
    section.querySelector("[data-retry-all]").hidden = failed < 2;
    section.hidden = items.length === 0;
  });
}

function remove(item) {
  item.abort?.abort();
  item.events?.close();
  items.splice(items.indexOf(item), 1);
  item.row.remove();
  summarise();
  pump();
}

function about() {
  const fields = Object.fromEntries(new FormData(zone));
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => typeof value === "string" && value.trim()));
}

function pump() {
  const sending = items.filter((item) => item.state === "sending").length;
  for (const item of items.filter((one) => one.state === "waiting").slice(0, AT_ONCE - sending)) start(item);
  const followed = items.filter((item) => item.events).length;
  const next = items.filter((item) => ["queued", "running"].includes(item.state) && !item.events);
  for (const item of next.slice(0, FOLLOWED - followed)) follow(item);
}

async function start(item) {
  item.abort = new AbortController();
  item.fields ??= about();
  set(item, "sending");
  try {
    const onSent = (bytes) => set(item, "sending", { share: bytes / item.file.size });
    const { recording, duplicate } = await upload(item.file, item.fields, { onSent, signal: item.abort.signal });
    item.recording = recording;
    if (duplicate) set(item, "duplicate", { told: t("duplicate_told") });
    else set(item, "queued");
  } catch (error) {
    const told = { 0: t("unreachable"), 401: t("signed_out") }[error.status] ?? error.message;
    if (!error.aborted) set(item, "failed", { told });
  }
  pump();
}

function follow(item) {
  const events = new EventSource(`/api/v1/recordings/${item.recording}/events`);
  item.events = events;
  events.addEventListener("progress", (event) => progress(item, JSON.parse(event.data)));
  events.addEventListener("end", async (event) => {
    events.close();
    item.events = null;
    await finish(item, JSON.parse(event.data));
    pump();
  });
  events.addEventListener("error", () => {
    if (events.readyState !== EventSource.CLOSED) return; // it connects again by itself
    item.events = null;
    setTimeout(pump, 3000);
  });
}

function progress(item, state) {
  const { stage, done, total } = state.run;
  if (state.status !== "running") return set(item, "queued");
  set(item, "running", { share: total ? done / total : 0, told: stage ? t(stage) : "" });
}

async function finish(item, state) {
  if (state.status === "done") {
    const told = t({ 0: "found_none", 1: "found_one" }[state.findings] ?? "found", { n: state.findings });
    return set(item, "done", { told: state.score === null ? told : `${told} · ${t("score", { score: Math.round(state.score) })}` });
  }
  // Asked again for the sentence: the stream cannot say which language is read here.
  const full = await ask(`/api/v1/recordings/${item.recording}`).then((answer) => answer.json()).catch(() => state);
  set(item, state.status, { told: full.run.reason?.text ?? "" });
}

async function again(item) {
  if (!item.recording) {
    set(item, "waiting");
    return pump();
  }
  try {
    await ask(`/api/v1/recordings/${item.recording}/retry`, { method: "POST" });
    set(item, "queued");
  } catch (error) {
    set(item, "failed", { told: error.message });
  }
  pump();
}

/** All files below what was dropped; folders are walked. */
async function dropped(transfer) {
  const entries = [...transfer.items].map((one) => one.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files];
  const found = [];
  const walk = async (entry) => {
    if (entry.isFile) {
      found.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      // A reader hands out a hundred entries at a time.
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!some.length) return;
      for (const one of some) await walk(one);
    }
  };
  for (const entry of entries) await walk(entry).catch(() => {});
  return found;
}

function take(files) {
  for (const file of files) add(file);
  summarise();
  pump();
}

for (const name of ["files", "folder"]) {
  const input = document.getElementById(name);
  zone.querySelector(`[data-pick="${name}"]`).addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    take([...input.files]);
    input.value = "";
  });
}
zone.addEventListener("submit", (event) => event.preventDefault());
for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    zone.classList.add("over");
  });
}
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) zone.classList.remove("over");
});
document.addEventListener("drop", async (event) => {
  event.preventDefault();
  zone.classList.remove("over");
  take(await dropped(event.dataTransfer));
});
section.querySelector("[data-retry-all]").addEventListener("click", () => {
  for (const item of items.filter((one) => one.state === "failed")) again(item);
});
section.querySelector("[data-clear]").addEventListener("click", () => {
  for (const item of items.filter((one) => ["done", "duplicate", "skipped"].includes(one.state))) remove(item);
});
window.addEventListener("beforeunload", (event) => {
  if (items.some((item) => ["waiting", "sending"].includes(item.state))) event.preventDefault();
});
