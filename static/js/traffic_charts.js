// Requests, latency and failures of a project's versions, drawn by Chart.js; dashed lines where the live version changed.
"use strict";

(() => {
  const box = document.getElementById("traffic");
  if (!box || !window.Chart) return;

  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(name).trim();
  const palette = ["--accent", "--ok", "--warn", "--bad", "--muted"].map(color);

  const clock = (ms, days) => new Date(ms).toLocaleString([], days
    ? { weekday: "short", hour: "2-digit" }
    : { hour: "2-digit", minute: "2-digit" });

  const moveLines = (moves) => ({
    id: "moves",
    afterDatasetsDraw({ ctx, chartArea, scales }) {
      ctx.save();
      ctx.setLineDash([4, 4]);
      ctx.strokeStyle = color("--muted");
      ctx.fillStyle = color("--muted");
      for (const move of moves) {
        const x = scales.x.getPixelForValue(move.at);
        ctx.beginPath();
        ctx.moveTo(x, chartArea.top);
        ctx.lineTo(x, chartArea.bottom);
        ctx.stroke();
        ctx.fillText(move.version.split(":").pop(), x + 3, chartArea.top + 9);
      }
      ctx.restore();
    },
  });

  const axis = (text, extra) => ({
    title: { display: Boolean(text), text, color: color("--muted") },
    ticks: { color: color("--muted"), maxRotation: 0, ...extra },
    grid: { color: color("--line") },
  });

  function draw(name, type, title, datasets, news, stacked) {
    const days = news.to - news.from > 2 * 86400e3;
    new Chart(box.querySelector(`[data-chart="${name}"]`), {
      type,
      data: { datasets },
      options: {
        animation: false,
        maintainAspectRatio: false,
        parsing: false,
        interaction: { mode: "nearest", axis: "x", intersect: false },
        scales: {
          x: { type: "linear", min: news.from, max: news.to, stacked,
            ...axis("", { maxTicksLimit: 7, callback: (ms) => clock(ms, days) }) },
          y: { beginAtZero: true, stacked, ...axis(title, title === "Requests" ? { precision: 0 } : {}) },
        },
        plugins: {
          legend: { labels: { color: color("--ink"), boxWidth: 12 } },
          tooltip: { callbacks: { title: (items) => clock(items[0].parsed.x, days) } },
        },
      },
      plugins: [moveLines(news.moves)],
    });
  }

  const series = (label, stroke, data, dash) => ({
    label, data, borderColor: stroke, backgroundColor: stroke, borderWidth: 2, borderDash: dash, pointRadius: 2, tension: 0,
    barThickness: 6,
  });

  const perVersion = (rows, value) => [...new Set(rows.map((row) => row.model_tag))].map((tag, index) => series(
    tag || "nothing live", palette[index % palette.length],
    rows.filter((row) => row.model_tag === tag).map((row) => ({ x: row.at, y: value(row) })),
  ));

  async function start() {
    const answer = await fetch(box.dataset.series, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    const news = await answer.json();
    draw("rate", "bar", "Requests per second", perVersion(news.answered, (row) => row.requests / news.step_seconds), news, true);
    const latency = ["p50", "p95", "p99"].flatMap((name, dash) => perVersion(news.answered, (row) => row[name])
      .map((each) => ({ ...each, label: `${each.label.split(":").pop()} ${name}`, borderDash: dash ? [6 / dash, 3] : [] })));
    draw("latency", "line", "Milliseconds", latency, news, false);
    const failures = [
      series("Parse failures", color("--warn"), news.answered.map((row) => ({ x: row.at, y: row.parse_failures }))),
      series("No answer", color("--bad"), news.failed.map((row) => ({ x: row.at, y: row.errors }))),
    ];
    draw("failures", "bar", "Requests", failures, news, true);
    box.dataset.drawn = "3";
  }

  start().catch((error) => {
    const note = document.getElementById("traffic-note");
    note.textContent = `The charts could not be drawn (${error.message}).`;
    note.hidden = false;
  });
})();
