// The list of recordings: choosing lines, moving among them, and keeping those under way up to date.

import { onKey } from "./lib/keys.js";

const REFRESH_MS = 4000;
const MOST_REFRESHED = 50;
const list = document.getElementById("list");
let last = null;

// Where all that match are chosen, the boxes only show it.
const boxes = () => [...list.querySelectorAll('tbody input[name="id"]:enabled')];

function count() {
  const chosen = boxes().filter((box) => box.checked).length;
  for (const told of list.querySelectorAll("[data-count]")) {
    told.textContent = told.dataset.text.replace("{n}", chosen);
  }
  const all = list.querySelector("[data-all]:enabled");
  if (all) {
    all.checked = chosen > 0 && chosen === boxes().length;
    all.indeterminate = chosen > 0 && !all.checked;
  }
}

list.addEventListener("click", (event) => {
  const box = event.target.closest('input[name="id"]');
  if (!box) return;
  if (event.shiftKey && last?.isConnected) {
    const every = boxes();
    const [from, to] = [every.indexOf(last), every.indexOf(box)].sort((a, b) => a - b);
    for (const one of every.slice(from, to + 1)) one.checked = box.checked;
  }
  last = box;
  count();
});
list.addEventListener("change", (event) => {
  if (event.target.matches("[data-all]")) {
    for (const box of boxes()) box.checked = event.target.checked;
  }
  count();
});
list.addEventListener("reset", () => setTimeout(count));
document.addEventListener("htmx:after:swap", count);

function rows() {
  return [...list.querySelectorAll("tbody tr[id]")];
}

function move(step) {
  const all = rows();
  const here = all.indexOf(list.querySelector("tr.here"));
  const next = all[Math.max(0, Math.min(all.length - 1, here + step))];
  if (!next) return;
  all[here]?.classList.remove("here");
  next.classList.add("here");
  next.querySelector("a")?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

onKey("j", () => move(1));
onKey("k", () => move(-1));
onKey("x", () => {
  const box = list.querySelector('tr.here input[name="id"]');
  if (!box) return;
  box.checked = !box.checked;
  last = box;
  count();
});
onKey("a", () => {
  const every = boxes();
  const some = every.some((box) => !box.checked);
  for (const box of every) box.checked = some;
  count();
});
onKey("b", () => list.querySelector(".bulk .button:enabled")?.focus());
// Enter on a box would press the first button of the form and judge everything chosen again.
list.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches(".chosen-form input")) event.preventDefault();
});
list.addEventListener("focusin", (event) => {
  const row = event.target.closest("tbody tr[id]");
  if (!row || row.classList.contains("here")) return;
  list.querySelector("tr.here")?.classList.remove("here");
  row.classList.add("here");
});

async function refresh() {
  const open = [...list.querySelectorAll("tr[data-open]")].slice(0, MOST_REFRESHED).map((row) => row.dataset.open);
  const address = list.querySelector("[data-rows]")?.dataset.rows;
  if (!open.length || !address || document.hidden) return;
  const url = new URL(address, location.href);
  for (const id of open) url.searchParams.append("id", id);
  const answer = await fetch(url, { headers: { Accept: "text/html", "HX-Request-Type": "partial" } }).catch(() => null);
  if (!answer?.ok) return;
  const made = document.createElement("template");
  made.innerHTML = `<table><tbody>${await answer.text()}</tbody></table>`;
  for (const row of made.content.querySelectorAll("tr[id]")) {
    const old = document.getElementById(row.id);
    if (!old || old.contains(document.activeElement)) continue;
    const box = old.querySelector('input[name="id"]');
    const fresh = row.querySelector('input[name="id"]');
    if (box?.checked && fresh) [fresh.checked, fresh.disabled] = [true, box.disabled];
    old.replaceWith(row);
  }
}

setInterval(refresh, REFRESH_MS);
count();
