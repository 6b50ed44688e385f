// The text of a pack opens at the line that was asked for.

const text = document.getElementById("rule-text");
const line = Number(text?.dataset.line ?? 1);
if (text && line > 1) {
  const start = text.value.split("\n").slice(0, line - 1).join("\n").length + 1;
  const height = parseFloat(getComputedStyle(text).lineHeight) || 18;
  text.setSelectionRange(start, text.value.indexOf("\n", start));
  text.scrollTop = Math.max(0, (line - 4) * height);
}

// And the list of files at the one that is open.
const list = document.querySelector(".rules nav");
const open = list?.querySelector("[aria-current]");
if (open) list.scrollTop = open.offsetTop - list.offsetTop - list.clientHeight / 2;
