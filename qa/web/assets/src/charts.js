// Lines over time: <canvas data-series> with a table of the same figures beside it, which stays for those who read.

import { CategoryScale, Chart, Legend, LineController, LineElement, LinearScale, PointElement, Tooltip } from "chart.js";

Chart.register(CategoryScale, Legend, LineController, LineElement, LinearScale, PointElement, Tooltip);

const root = getComputedStyle(document.documentElement);
const colour = (name) => root.getPropertyValue(`--${name}`).trim();
const LINES = ["accent", "amber", "green", "customer", "red", "agent"];
const DASHES = [[], [6, 3], [2, 3], [8, 3, 2, 3]];

for (const canvas of document.querySelectorAll("canvas[data-series]")) {
  const { labels, series } = JSON.parse(document.getElementById(canvas.dataset.series).textContent);
  new Chart(canvas, {
    type: "line",
    data: {
      labels,
      datasets: Object.entries(series).map(([label, data], at) => ({
        label,
        data,
        borderColor: colour(LINES[at % LINES.length]),
        backgroundColor: colour(LINES[at % LINES.length]),
        borderDash: DASHES[at % DASHES.length],
        borderWidth: 2,
        spanGaps: true,
      })),
    },
    options: {
      animation: false,
      maintainAspectRatio: false,
      scales: {
        x: { grid: { display: false }, ticks: { color: colour("quiet") } },
        y: { min: 0, max: 100, grid: { color: colour("line") }, ticks: { color: colour("quiet"), callback: (v) => `${v}%` } },
      },
      plugins: { legend: { labels: { color: colour("text"), boxHeight: 0 } } },
    },
  });
}
