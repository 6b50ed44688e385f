// Choosing words without a mouse: W begins where the call stands, the arrows move, Shift stretches, Escape ends.

import { borrowKeys, onKey } from "./keys.js";

/**
 * `turns`: as the page keeps them; `current()`: the turn to begin with; `rangeOf(words, from, to)`: characters of a
 * turn as a Range; `reveal(turn)`: brings a turn into view; `offer()`: shows what can be done with the selection;
 * `told`: the element that reads it out.
 */
export function installPicking({ turns, current, rangeOf, reveal, offer, told }) {
  let at = null;
  let giveBack = null;

  const length = (turn) => [...turn.words.textContent].length;

  function show() {
    const turn = turns[at.turn];
    const [from, to] = [Math.min(at.anchor, at.head), Math.max(at.anchor, at.head) + 1];
    const range = rangeOf(turn.words, from, Math.min(to, length(turn)));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    told.textContent = range.toString();
    // The browser tells of a new selection a moment later; the next key may come first.
    offer();
  }

  /** To another character of the turn, or the nearest there is. */
  function move(head, { shiftKey }) {
    at.head = Math.min(Math.max(0, head), Math.max(0, length(turns[at.turn]) - 1));
    if (!shiftKey) at.anchor = at.head;
    show();
  }

  function toTurn(by) {
    at = { turn: Math.min(Math.max(0, at.turn + by), turns.length - 1), anchor: 0, head: 0 };
    reveal(turns[at.turn]);
    show();
  }

  function word(by, event) {
    const { offsets } = turns[at.turn];
    const next = by > 0 ? offsets.find((one) => one > at.head) : offsets.findLast((one) => one < at.head);
    move(next ?? (by > 0 ? Infinity : 0), event);
  }

  function end() {
    giveBack?.();
    giveBack = null;
    getSelection().removeAllRanges();
    told.textContent = "";
    offer();
  }

  onKey("w", () => {
    const first = current() ?? turns[0];
    if (!first) return;
    at = { turn: turns.indexOf(first), anchor: 0, head: 0 };
    giveBack = borrowKeys({
      ArrowLeft: (event) => move(at.head - 1, event),
      ArrowRight: (event) => move(at.head + 1, event),
      ArrowUp: () => toTurn(-1),
      ArrowDown: () => toTurn(1),
      Home: (event) => move(0, event),
      End: (event) => move(Infinity, event),
      w: (event) => word(1, event),
      b: (event) => word(-1, event),
      Escape: end,
    });
    reveal(first);
    show();
  });
}
