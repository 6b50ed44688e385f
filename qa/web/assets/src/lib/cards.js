// On a phone a row of <table class="cards"> is a card; here its cells learn what their columns are called.

function name(table) {
  const columns = [...table.querySelectorAll("thead th")].map((one) => one.textContent.trim());
  for (const row of table.tBodies[0]?.rows ?? []) {
    if (row.cells.length !== columns.length) continue;
    [...row.cells].forEach((cell, at) => {
      if (cell.dataset.label !== undefined) return;
      cell.dataset.label = columns[at];
      const held = document.createElement("div");
      held.className = "held";
      held.append(...cell.childNodes);
      cell.append(held);
      cell.classList.toggle("bare", !held.textContent.trim() && !held.querySelector("input, button, a, svg"));
    });
  }
}

export function installCards() {
  if (!matchMedia("(max-width: 760px)").matches) return;
  const all = () => document.querySelectorAll("table.cards").forEach(name);
  all();
  document.addEventListener("htmx:after:swap", all);
}
