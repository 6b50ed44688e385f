// One table of keys per page. Nothing fires while somebody writes, or with Ctrl, Alt or Meta held.

const table = new Map();

/** Does something when a key is pressed; `key` as KeyboardEvent.key gives it, letters small. */
export function onKey(key, act) {
  table.set(key, act);
}

/** Keys that mean something else for a while; what comes back gives them back. */
export function borrowKeys(acts) {
  const before = Object.keys(acts).map((key) => [key, table.get(key)]);
  for (const [key, act] of Object.entries(acts)) table.set(key, act);
  return () => {
    for (const [key, act] of before) {
      if (act) table.set(key, act);
      else table.delete(key);
    }
  };
}

/** Whether keys belong to a field or an open dialog at the moment. */
export function busy(target) {
  return (
    target.isContentEditable ||
    /^(INPUT|TEXTAREA|SELECT)$/.test(target.nodeName) && !/^(checkbox|radio|range)$/.test(target.type ?? "") ||
    document.querySelector("dialog[open]") !== null
  );
}

/** The button or link that carries data-key="x" is pressed by that key. */
function press(key) {
  for (const found of document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)) {
    if (found.disabled || found.offsetParent === null) continue;
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(found.nodeName)) found.focus();
    else found.click();
    return true;
  }
  return false;
}

/** Ctrl+Enter sends what one writes, Escape leaves the field so that keys work again; a dialog keeps its own Escape. */
function inField(event) {
  const field = event.target.closest?.("textarea, input:not([type=checkbox], [type=radio], [type=range])");
  if (!field || event.isComposing) return false;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && field.form) {
    event.preventDefault();
    // Sent: the keys are the page's again.
    if (field.form.checkValidity()) field.blur();
    field.form.requestSubmit();
    return true;
  }
  if (event.key === "Escape" && !field.closest("dialog")) {
    field.blur();
    return true;
  }
  return false;
}

let waitingForPlace = false;

export function installKeys() {
  onKey("?", () => document.getElementById("keys")?.showModal());
  document.addEventListener("keydown", (event) => {
    if (inField(event)) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || busy(event.target)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (waitingForPlace) {
      waitingForPlace = false;
      const place = document.querySelector(`.rail [data-place="${CSS.escape(key)}"]`);
      if (place) {
        event.preventDefault();
        place.click();
        return;
      }
    }
    // A focused button or link keeps its own keys.
    if ((key === " " || key === "Enter") && event.target.closest("a, button, summary")) return;
    const act = table.get(key);
    if (act) {
      event.preventDefault();
      act(event);
    } else if (press(key)) {
      event.preventDefault();
    } else if (key === "g") {
      waitingForPlace = true;
      setTimeout(() => (waitingForPlace = false), 1200);
    }
  });
}
