// Loaded by every page: fragments, keys, menus, messages. What one page alone needs has a file of its own.

import htmx from "htmx.org";
import { installCards } from "./lib/cards.js";
import { installKeys } from "./lib/keys.js";
import { installFlashes } from "./lib/flash.js";
import { csrfToken } from "./lib/page.js";

window.htmx = htmx;

document.addEventListener("htmx:config:request", (event) => {
  event.detail.ctx.request.headers["X-CSRF-Token"] = csrfToken();
});

// htmx carries style attributes over to what replaces an element of the same id, which the pages' policy refuses: a
// field that somebody has pulled larger would trip it.
document.addEventListener("htmx:before:swap", (event) => {
  const target = event.detail?.ctx?.target;
  if (!(target instanceof Element)) return;
  for (const one of target.querySelectorAll("[id][style]")) one.removeAttribute("style");
});

// A menu closes when something else is touched, and with Escape.
document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details.drop[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const open of document.querySelectorAll("details.drop[open]")) {
    open.open = false;
    open.querySelector("summary")?.focus();
  }
});

// <button data-opens="#dialog"> and <button data-closes> stand in for inline handlers, which the pages' policy forbids.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) {
    opener.closest("details.drop")?.removeAttribute("open");
    document.querySelector(opener.dataset.opens)?.showModal();
  }
  if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
  if (event.target.nodeName === "DIALOG") event.target.close();
});

// <select data-submits> sends its form when another entry is chosen.
document.addEventListener("change", (event) => {
  const field = event.target.closest("[data-submits]");
  if (field) field.form?.requestSubmit();
});

// On a phone the places are one line, which may begin left of where one is.
const here = document.querySelector(".rail nav [aria-current]");
const line = here?.closest("nav");
if (line) line.scrollLeft = here.offsetLeft - line.offsetLeft - (line.clientWidth - here.offsetWidth) / 2;

installCards();
installKeys();
installFlashes();
