// The loss of a run, and the figure of its validation answers, drawn by Chart.js and kept up to date: whenever htmx brings the run's news, the new points follow.
"use strict";

(() => {
  const canvas = document.getElementById("loss-chart");
  if (!canvas || !window.Chart) return;

  const note = document.getElementById("loss-note");
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(name).trim();
  const points = { steps: new Map(), evaluations: new Map(), figures: new Map() };
  let after = 0;
  let busy = false;

  const line = (label, stroke, radius) => ({
    label, data: [], borderColor: stroke, backgroundColor: stroke, borderWidth: 2, pointRadius: radius, tension: 0.2,
  });
  const axis = (text) => ({
    title: { display: true, text, color: color("--muted") },
    ticks: { color: color("--muted") },
    grid: { color: color("--line") },
  });
  const chart = new Chart(canvas, {
    type: "line",
    data: {
      datasets: [
        line("Training loss", color("--accent"), 0),
        line("Validation loss", color("--ok"), 3),
        { ...line("Validation figure", color("--warn"), 3), yAxisID: "figure", hidden: true },
      ],
    },
    options: {
      animation: false,
      maintainAspectRatio: false,
      parsing: false,
      interaction: { mode: "nearest", axis: "x", intersect: false },
      scales: {
        x: { type: "linear", min: 0, ...axis("Step") },
        y: { beginAtZero: true, ...axis("Loss") },
        figure: { display: false, position: "right", min: 0, max: 1, ...axis("Validation figure"), grid: { display: false } },
      },
      plugins: { legend: { labels: { color: color("--ink") } } },
    },
  });

  // A step that was done again after a resume replaces its first loss.
  const drawn = (map) => [...map].sort((a, b) => a[0] - b[0]).map(([x, y]) => ({ x, y }));

  const say = (text) => {
    note.textContent = text;
    note.hidden = !text;
  };

  async function update() {
    if (busy) return;
    busy = true;
    try {
      const answer = await fetch(`${canvas.dataset.curve}?after=${after}`, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      const news = await answer.json();
      after = news.last;
      for (const name of ["steps", "evaluations", "figures"]) {
        for (const [step, loss] of news[name]) if (loss !== null) points[name].set(step, loss);
      }
      chart.data.datasets[0].data = drawn(points.steps);
      chart.data.datasets[0].pointRadius = points.steps.size < 3 ? 3 : 0;
      chart.data.datasets[1].data = drawn(points.evaluations);
      chart.data.datasets[2].data = drawn(points.figures);
      chart.data.datasets[2].hidden = !points.figures.size;
      chart.options.scales.figure.display = points.figures.size > 0;
      if (news.total_steps) chart.options.scales.x.max = news.total_steps;
      chart.update("none");
      canvas.dataset.points = String(points.steps.size);
      say("");
    } catch (error) {
      say(`The chart could not be brought up to date (${error.message}).`);
    } finally {
      busy = false;
    }
  }

  update();
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id === "run-status") update();
  });
})();
