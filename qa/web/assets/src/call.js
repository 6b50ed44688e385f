// The call page: sound, transcript and flags move together; everything can be done from the keyboard.

import WaveSurfer from "wavesurfer.js";
import Regions from "wavesurfer.js/dist/plugins/regions.esm.js";
import { onKey } from "./lib/keys.js";
import { flash } from "./lib/flash.js";
import { ask, texts } from "./lib/page.js";
import { installPicking } from "./lib/picking.js";

const page = document.getElementById("call");
const scene = JSON.parse(document.getElementById("scene").textContent);
const say = texts();
const player = new Audio();
player.preload = "metadata";
player.src = scene.audio;
player.addEventListener("error", () => flash(say("no_sound"), "error"));

const root = getComputedStyle(document.documentElement);
const colour = (name) => root.getPropertyValue(`--${name}`).trim();
const faint = (name, share) => `color-mix(in srgb, ${colour(name)} ${share}%, transparent)`;

// --- the waveform ---------------------------------------------------------------------------------------------

let wave = null;
const regions = Regions.create();

async function drawWave() {
  const outline = await (await ask(scene.peaks)).json();
  const lanes = scene.lanes.filter((lane) => outline.channels[lane.channel]);
  // Minimum and maximum of each stretch become its height.
  const heights = lanes.map(({ channel }) => {
    const pairs = outline.channels[channel];
    return Array.from({ length: pairs.length / 2 }, (_, k) => Math.max(-pairs[2 * k], pairs[2 * k + 1]) / 127);
  });
  const height = lanes.length > 1 ? 44 : 72;
  wave = WaveSurfer.create({
    container: "#wave",
    cspNonce: page.dataset.nonce,
    media: player,
    peaks: heights,
    duration: scene.duration,
    height,
    normalize: true,
    cursorColor: colour("text"),
    cursorWidth: 1,
    hideScrollbar: true,
    splitChannels: lanes.map(({ role }) => {
      const name = role === "agent" || role === "customer" ? role : "quiet";
      return { waveColor: faint(name, 45), progressColor: colour(name) };
    }),
    plugins: [regions],
  });
  wave.on("ready", () => drawMoments(lanes));
  wave.on("interaction", (at) => scrollTo(turnAt(at)));
}

const LOOKS = {
  critical: ["red", 34],
  warning: ["amber", 34],
  notice: ["accent", 24],
  info: ["accent", 16],
  silence: ["quiet", 12],
  hold: ["quiet", 22],
  overlap: ["customer", 22],
  masked: ["text", 30],
};

function drawMoments(lanes) {
  for (const moment of scene.moments) {
    const [name, share] = LOOKS[moment.kind] ?? LOOKS.info;
    const channelIdx = lanes.findIndex((lane) => lane.channel === moment.channel);
    const region = regions.addRegion({
      start: moment.start,
      end: Math.max(moment.end, moment.start + scene.duration / 1000),
      color: faint(name, share),
      drag: false,
      resize: false,
      ...(channelIdx >= 0 && lanes.length > 1 ? { channelIdx } : {}),
    });
    if (moment.flag) region.on("click", () => choose(document.getElementById(`flag-${moment.flag}`)));
  }
}

// --- playing --------------------------------------------------------------------------------------------------

const clock = document.getElementById("clock");
const seek = document.getElementById("seek");
const playButton = document.getElementById("play");
const skipSilence = document.getElementById("skip-silence");
const follow = document.getElementById("follow");
let until = null;

const minutes = (at) => `${Math.floor(at / 60)}:${String(Math.floor(at % 60)).padStart(2, "0")}`;

function playClip(start, end) {
  player.currentTime = Math.max(0, start - 0.5);
  until = end + 0.4;
  player.play().catch(() => {});
}

function toggle() {
  until = null;
  if (player.paused) player.play().catch(() => {});
  else player.pause();
}

function jump(at) {
  until = null;
  player.currentTime = Math.min(Math.max(0, at), scene.duration);
  moved();
}

function moved() {
  const at = player.currentTime;
  clock.textContent = minutes(at);
  seek.value = String(at);
  showWord(at);
  if (until !== null && at >= until) {
    until = null;
    player.pause();
  } else if (skipSilence.checked && !player.paused && until === null) {
    const gap = scene.moments.find(
      ({ kind, start, end }) => (kind === "silence" || kind === "hold") && at > start + 0.3 && at < end - 0.5,
    );
    if (gap) player.currentTime = gap.end - 0.3;
  }
}

function showState() {
  const use = playButton.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, player.paused ? "#play" : "#pause"));
  playButton.setAttribute("aria-pressed", String(!player.paused));
  if (!player.paused) requestAnimationFrame(tick);
}

function tick() {
  moved();
  if (!player.paused) requestAnimationFrame(tick);
}

player.addEventListener("play", showState);
player.addEventListener("pause", showState);
player.addEventListener("seeked", moved);
playButton.addEventListener("click", toggle);
seek.addEventListener("input", () => jump(Number(seek.value)));

const speed = document.getElementById("speed");
function setSpeed(step) {
  speed.selectedIndex = Math.min(Math.max(0, speed.selectedIndex + step), speed.options.length - 1);
  speed.dispatchEvent(new Event("change"));
}
speed.addEventListener("change", () => {
  player.playbackRate = Number(speed.value);
  player.preservesPitch = true;
});

// --- the transcript -------------------------------------------------------------------------------------------

const spokenWords = document.getElementById("transcript");
const turns = [...document.querySelectorAll(".turn")].map((element) => ({
  element,
  words: element.querySelector(".words"),
  start: Number(element.dataset.start),
  end: Number(element.dataset.end),
  offsets: element.dataset.offsets.split(" ").map(Number),
  times: element.dataset.times.split(" ").map(Number),
}));
const spoken = "highlights" in CSS ? new Highlight() : null;
if (spoken) CSS.highlights.set("spoken", spoken);
let current = null;

/** The turn that is spoken at a moment, or the last one before it. */
function turnAt(at) {
  let found = null;
  for (const turn of turns) {
    if (turn.start > at + 0.05) break;
    if (!found || turn.end >= found.end || turn.end >= at) found = turn;
  }
  return found;
}

function showWord(at) {
  const turn = turnAt(at);
  if (turn !== current) {
    current?.element.removeAttribute("aria-current");
    turn?.element.setAttribute("aria-current", "true");
    current = turn;
    if (turn && follow.checked && !player.paused) scrollTo(turn);
  }
  spoken?.clear();
  if (!turn || !spoken || at > turn.end + 0.5) return;
  const word = lastBefore(turn.times, at);
  const end = turn.offsets[word + 1] ?? turn.words.textContent.length;
  spoken.add(rangeOf(turn.words, turn.offsets[word], end));
}

function lastBefore(times, at) {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= at + 0.02) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/** Characters of the recogniser are code points; the page counts in UTF-16 units. */
function unitsOf(text, points) {
  let units = 0;
  for (const sign of text) {
    if (points-- <= 0) break;
    units += sign.length;
  }
  return units;
}

function rangeOf(words, from, to) {
  const text = words.textContent;
  const range = document.createRange();
  const [start, end] = [placeOf(words, unitsOf(text, from)), placeOf(words, unitsOf(text, to))];
  range.setStart(...start);
  range.setEnd(...end);
  return range;
}

function placeOf(words, units) {
  const walker = document.createTreeWalker(words, NodeFilter.SHOW_TEXT);
  let node = walker.nextNode();
  let last = node;
  while (node) {
    if (units <= node.length) return [node, units];
    units -= node.length;
    last = node;
    node = walker.nextNode();
  }
  return last ? [last, last.length] : [words, 0];
}

/** How many code points of a turn lie before a place in it. */
function pointsBefore(words, node, offset) {
  const range = document.createRange();
  range.setStart(words, 0);
  range.setEnd(node, offset);
  return [...range.toString()].length;
}

function scrollTo(turn) {
  // Only the words move, never the page around them.
  if (turn) spokenWords.scrollTop = turn.element.offsetTop - (spokenWords.clientHeight - turn.element.offsetHeight) / 2;
}

spokenWords.addEventListener("click", (event) => {
  const time = event.target.closest("[data-jump]");
  if (time) return void jump(Number(time.dataset.jump));
  const words = event.target.closest(".words");
  if (!words || !getSelection().isCollapsed) return;
  const hidden = event.target.closest(".masked");
  if (hidden && lifting) return void getSelection().selectAllChildren(hidden);
  const turn = turns.find((one) => one.words === words);
  const { focusNode, focusOffset } = getSelection();
  if (!turn || !focusNode || !words.contains(focusNode)) return;
  const at = pointsBefore(words, focusNode, focusOffset);
  jump(turn.times[Math.max(0, lastBefore(turn.offsets, at - 0.02))] ?? turn.start);
  const flags = event.target.closest("[data-flags]")?.dataset.flags.split(" ");
  if (flags) choose(document.getElementById(`flag-${flags[0]}`), { play: false });
});

// --- selected words -------------------------------------------------------------------------------------------

const tools = document.getElementById("selection");
const lifting = document.getElementById("to-lift");
const touch = matchMedia("(pointer: coarse)");

/** Whether something is hidden in characters of a turn. */
function hides(words, from, to) {
  return [...words.querySelectorAll(".masked")].some((one) => {
    const start = pointsBefore(words, one, 0);
    return start < to && from < start + [...one.textContent].length;
  });
}

/** What can be done with the words that are selected. */
function offer() {
  const selection = getSelection();
  const range = selection.isCollapsed ? null : selection.getRangeAt(0).cloneRange();
  const start = range?.startContainer;
  const words = (start instanceof Element ? start : start?.parentElement)?.closest(".words");
  if (!words) {
    if (!document.querySelector("dialog[open]")) tools.hidden = true;
    return;
  }
  // Three clicks take a whole turn and end in the next one.
  if (!words.contains(range.endContainer)) range.setEnd(words, words.childNodes.length);
  const from = pointsBefore(words, range.startContainer, range.startOffset);
  const to = pointsBefore(words, range.endContainer, range.endOffset);
  const turn = turns.find((one) => one.words === words);
  const values = {
    turn: turn.element.dataset.turn,
    from: String(from),
    to: String(to),
    text: range.toString(),
    "turn-text": words.textContent,
  };
  for (const field of document.querySelectorAll("[data-selected]")) {
    const value = values[field.dataset.selected];
    if (field.nodeName === "BLOCKQUOTE") field.textContent = value;
    else field.value = value;
  }
  for (const form of document.querySelectorAll("[data-turn-form]")) {
    form.setAttribute("action", form.dataset.turnForm + values.turn);
    form.setAttribute("hx-post", form.dataset.turnForm + values.turn);
    window.htmx.process(form);
  }
  if (lifting) lifting.hidden = !hides(words, from, to);
  tools.dataset.at = String(turn.times[lastBefore(turn.offsets, from)] ?? turn.start);
  const box = range.getBoundingClientRect();
  const room = spokenWords.getBoundingClientRect();
  tools.hidden = box.bottom < Math.max(0, room.top) || box.top > Math.min(innerHeight, room.bottom);
  // Under a finger's selection: above it the system has a menu of its own.
  const below = Math.min(box.bottom + 24, innerHeight - tools.offsetHeight - 8);
  tools.style.top = `${touch.matches ? below : Math.max(8, box.top - tools.offsetHeight - 6)}px`;
  tools.style.left = `${Math.max(8, Math.min(box.left, room.right - tools.offsetWidth - 8))}px`;
}

document.addEventListener("selectionchange", offer);
// A dialog takes the selection away while nothing is heard of it; and the words move under the tools.
document.addEventListener("close", offer, true);
document.addEventListener("scroll", offer, { capture: true, passive: true });
installPicking({
  turns,
  current: () => current ?? turnAt(player.currentTime),
  rangeOf,
  reveal: scrollTo,
  offer,
  told: document.getElementById("picked"),
});

document.getElementById("copy-link")?.addEventListener("click", async () => {
  const link = new URL(`/recordings/${page.dataset.recording}`, location.href);
  link.searchParams.set("t", Number(tools.dataset.at || player.currentTime).toFixed(1));
  await navigator.clipboard?.writeText(link.href).catch(() => {});
  history.replaceState(null, "", link);
  flash(say("copied"), "done");
});

// --- flags ----------------------------------------------------------------------------------------------------

const flags = () => [...document.querySelectorAll("#desk .flag")];
let chosen = null;

/** Makes a flag the one that keys act on, plays its words and shows them. */
function choose(flag, { play = true } = {}) {
  if (!flag) return;
  chosen = flag.dataset.flag;
  for (const one of flags()) one.classList.toggle("chosen", one === flag);
  flag.focus({ preventScroll: true });
  flag.scrollIntoView({ block: "nearest" });
  if (flag.dataset.start !== undefined) listenTo(flag, { play });
}

/** Shows the words that something rests on, and plays them. */
function listenTo(proof, { play = true } = {}) {
  scrollTo(turns.find((turn) => turn.element.dataset.turn === proof.dataset.turn));
  if (play) playClip(Number(proof.dataset.start), Number(proof.dataset.end));
  else jump(Number(proof.dataset.start));
}

const chosenFlag = () => document.getElementById(`flag-${chosen}`) ?? flags()[0];

function step(by) {
  const all = flags();
  const at = all.findIndex((one) => one.dataset.flag === chosen);
  choose(all[at < 0 ? 0 : Math.min(Math.max(0, at + by), all.length - 1)]);
}

function press(name) {
  const flag = chosenFlag();
  if (flag && flag.dataset.flag !== chosen) choose(flag, { play: false });
  flag?.querySelector(`[data-act="${name}"]`)?.click();
}

page.addEventListener("click", (event) => {
  const proof = event.target.closest(".step [data-plays]");
  if (proof) return void listenTo(proof);
  const flag = event.target.closest(".flag");
  if (!flag) return;
  if (event.target.closest("[data-plays]")) return void choose(flag);
  const act = event.target.closest("[data-asks]");
  if (!act) return;
  choose(flag, { play: false });
  const dialog = document.getElementById(act.dataset.asks);
  const path = `/recordings/${page.dataset.recording}/flags/${flag.dataset.flag}`;
  const form = dialog.querySelector("[data-flag-form]");
  form.reset();
  form.elements.note.required = act.dataset.note === "needed";
  const heard = dialog.querySelector("[data-heard]");
  if (heard) heard.textContent = flag.dataset.heard ?? "";
  form.setAttribute("action", path);
  form.setAttribute("hx-post", path);
  window.htmx.process(form);
  dialog.showModal();
});

// In these dialogs a figure picks the reason or the kind, Enter sends it.
for (const dialog of document.querySelectorAll("#reject, #hide")) {
  dialog.addEventListener("keydown", (event) => {
    const radios = dialog.querySelectorAll("input[type=radio]");
    if (event.target.nodeName !== "TEXTAREA" && radios[Number(event.key) - 1]) {
      event.preventDefault();
      radios[Number(event.key) - 1].checked = true;
      radios[Number(event.key) - 1].focus();
    }
  });
}

document.addEventListener("htmx:after:swap", (event) => {
  // Only the dialog that was sent: quick fingers may have opened the next one.
  event.detail?.ctx?.sourceElement?.closest?.("dialog")?.close();
  for (const one of flags()) one.classList.toggle("chosen", one.dataset.flag === chosen);
  document.getElementById(`flag-${chosen}`)?.focus({ preventScroll: true });
});

// A remark on a flag, on selected words, or on the call.
page.addEventListener("click", (event) => {
  const button = event.target.closest("[data-comments]");
  if (!button) return;
  const dialog = document.getElementById("say");
  dialog.querySelector("[data-flag-id]").value = button.dataset.comments;
  dialog.querySelector("[data-selected=turn]").value = "";
  dialog.querySelector("blockquote").textContent = button.closest(".flag").querySelector("blockquote")?.textContent ?? "";
  dialog.showModal();
});
document.getElementById("say")?.addEventListener("close", (event) => {
  event.currentTarget.querySelector("[data-flag-id]").value = "";
});

// --- what is hidden -------------------------------------------------------------------------------------------

document.querySelector("[data-reveal]")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.currentTarget;
  const reason = form.elements.reason.value;
  const headers = { "Content-Type": "application/json" };
  try {
    const answer = await ask(form.dataset.reveal, { method: "POST", headers, body: JSON.stringify({ reason }) });
    for (const span of (await answer.json()).spans) show(span);
  } catch (error) {
    return void flash(error.message, "error");
  }
  form.closest("dialog").close();
  document.getElementById("show-hidden").hidden = true;
  // The original of this recording may be heard for a while, too.
  const [at, playing] = [player.currentTime, !player.paused];
  player.src = `${scene.audio}&original=true`;
  player.addEventListener("loadedmetadata", () => {
    player.currentTime = at;
    if (playing) player.play().catch(() => {});
  }, { once: true });
});

/** Puts what was really said in the place of its mask; both have as many characters. */
function show({ turn, start, end, text }) {
  const found = turns.find((one) => Number(one.element.dataset.turn) === turn);
  if (!found) return;
  const range = rangeOf(found.words, start, end);
  if ([...range.toString()].length !== [...text].length) return;
  range.deleteContents();
  const shown = document.createElement("span");
  shown.className = "revealed";
  shown.textContent = text;
  range.insertNode(shown);
}

// --- keys -----------------------------------------------------------------------------------------------------

onKey("j", () => step(1));
onKey("k", () => step(-1));
onKey(" ", toggle);
onKey("p", () => choose(chosenFlag()));
onKey("ArrowLeft", () => jump(player.currentTime - 3));
onKey("ArrowRight", () => jump(player.currentTime + 3));
onKey("[", () => setSpeed(-1));
onKey("]", () => setSpeed(1));
onKey("s", () => (skipSilence.checked = !skipSilence.checked));
onKey("c", () => press("confirmed"));
onKey("r", () => press("reject"));
onKey("e", () => press("change"));
onKey("z", () => press("undo"));

// --- holding the call, and the one after it -------------------------------------------------------------------

if (scene.beat) {
  setInterval(async () => {
    try {
      await ask(scene.beat, { method: "POST" });
    } catch (error) {
      if (error.status === 409) flash(say("claim_lost"), "error");
    }
  }, scene.beat_seconds * 1000);
}

if (scene.next) {
  // Asking for outline and sound has the service make both while this call is being heard.
  addEventListener("load", () =>
    setTimeout(() => {
      const next = `/api/v1/recordings/${scene.next}`;
      ask(`${next}/peaks?per_second=10`).catch(() => {});
      ask(`${next}/audio?playable=true`, { method: "HEAD" }).catch(() => {});
    }, 4000),
  );
}

drawWave().catch(() => {});
const asked = Number(new URLSearchParams(location.search).get("t"));
if (asked > 0) {
  player.addEventListener("loadedmetadata", () => jump(asked), { once: true });
  scrollTo(turnAt(asked));
}
// A form that was sent without a script comes back at the flag that it was about.
const judged = document.getElementById(location.hash.slice(1));
if (judged?.matches(".flag")) choose(judged, { play: false });
