// One player for all clips of a page: <button data-clip="address" data-start="3.2" data-end="6.1">.

const player = new Audio();
player.preload = "none";
let playing = null;

function show(button, on) {
  button?.querySelector("use")?.setAttribute("href", button.querySelector("use").getAttribute("href").replace(/#.*/, on ? "#pause" : "#play"));
  button?.setAttribute("aria-pressed", String(on));
}

function stop() {
  player.pause();
  show(playing, false);
  playing = null;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-clip]");
  if (!button) return;
  const again = button === playing;
  stop();
  if (again) return;
  playing = button;
  show(button, true);
  const source = new URL(button.dataset.clip, location.href).href;
  if (player.src !== source) {
    player.src = source;
    await new Promise((ready) => player.addEventListener("loadedmetadata", ready, { once: true }));
    if (playing !== button) return;
  }
  // A little before the words, so that the ear is there when they come.
  player.currentTime = Math.max(0, Number(button.dataset.start) - 0.5);
  player.play().catch(stop);
});

player.addEventListener("timeupdate", () => {
  if (playing && player.currentTime > Number(playing.dataset.end) + 0.4) stop();
});
player.addEventListener("ended", stop);
player.addEventListener("error", stop);
