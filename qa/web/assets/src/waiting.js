// A call that is still being analysed: the bar moves, and the call opens by itself when it is ready.

const bar = document.querySelector("progress[data-events]");
if (bar) {
  const events = new EventSource(bar.dataset.events);
  events.addEventListener("progress", (event) => {
    const { run } = JSON.parse(event.data);
    if (run?.total) {
      bar.max = run.total;
      bar.value = run.done;
    }
  });
  events.addEventListener("end", () => {
    events.close();
    location.reload();
  });
}
