// Messages in the corner: the server's own, and those of scripts.

const STAYS_MS = 6000;

/** Show a sentence; kind is done, info or error. Errors stay until they are closed. */
export function flash(text, kind = "info") {
  const model = document.getElementById("flash-model");
  const made = model.content.firstElementChild.cloneNode(true);
  made.classList.add(kind);
  made.querySelector("p").textContent = text;
  document.getElementById("flashes").append(made);
}

function settle(one) {
  if (!one.classList.contains("error")) setTimeout(() => one.remove(), STAYS_MS);
}

export function installFlashes() {
  const box = document.getElementById("flashes");
  if (!box) return;
  box.querySelectorAll(".flash").forEach(settle);
  new MutationObserver((changes) => {
    for (const change of changes) {
      for (const node of change.addedNodes) if (node.classList?.contains("flash")) settle(node);
    }
  }).observe(box, { childList: true });
  box.addEventListener("click", (event) => {
    if (event.target.closest("button")) event.target.closest(".flash").remove();
  });
  // Nothing came back at all: the service is away or the line is cut.
  document.addEventListener("htmx:error", (event) => {
    if (event.detail?.ctx) flash(box.dataset.unreachable, "error");
  });
}
