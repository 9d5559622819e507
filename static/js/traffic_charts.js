// Latency, requests and failures of a project's versions, drawn by Chart.js; dashed lines where the live version changed.
"use strict";

(() => {
  const box = document.getElementById("traffic");
  if (!box || !window.Chart) return;

  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(name).trim();
  const palette = ["--accent", "--ok", "--warn", "--bad", "--muted"].map(color);
  const MINUTE = 60e3, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
  const TICKS = [5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY];
  // Room that a label of the time axis needs, in pixels.
  const LABEL = 64;
  // A version that was not asked for so many buckets has a gap in its line.
  const BUCKETS_JOINED = 4;

  const two = (number) => String(number).padStart(2, "0");
  const clock = (ms) => `${two(new Date(ms).getHours())}:${two(new Date(ms).getMinutes())}`;
  const day = (ms) => `${new Date(ms).toLocaleDateString([], { weekday: "short" })} ${new Date(ms).getDate()}`;

  // Round local times, as far apart as their labels need.
  function roundTimes(scale) {
    const span = scale.max - scale.min;
    const step = TICKS.find((each) => (span / each) * LABEL <= scale.width) ?? TICKS.at(-1);
    const midnight = new Date(scale.min).setHours(0, 0, 0, 0);
    const ticks = [];
    for (let at = midnight; at <= scale.max; at += step) if (at >= scale.min) ticks.push({ value: at });
    scale.ticks = ticks;
  }

  // At midnight the day, else the time.
  const told = (ms) => (clock(ms) === "00:00" ? day(ms) : clock(ms));

  // The legend of lines: Chart.js leaves the dashes out there.
  const dashedNames = {
    color: color("--ink"), usePointStyle: true, pointStyle: "line", pointStyleWidth: 28,
    generateLabels: (chart) => Chart.defaults.plugins.legend.labels.generateLabels(chart)
      .map((item) => ({ ...item, lineDash: chart.data.datasets[item.datasetIndex].borderDash })),
  };

  const moveLines = (moves) => ({
    id: "moves",
    afterDatasetsDraw({ ctx, chartArea, scales }) {
      ctx.save();
      ctx.setLineDash([4, 4]);
      ctx.strokeStyle = ctx.fillStyle = color("--muted");
      let row = 0, freeFrom = -Infinity;
      for (const move of moves) {
        const x = scales.x.getPixelForValue(move.at), text = move.version.split(":").pop();
        ctx.beginPath();
        ctx.moveTo(x, chartArea.top);
        ctx.lineTo(x, chartArea.bottom);
        ctx.stroke();
        // Names of moves that are close together stand below each other, those at the edge to the left of their line.
        row = x < freeFrom ? row + 1 : 0;
        const width = ctx.measureText(text).width;
        freeFrom = Math.max(freeFrom, x + width + 6);
        const left = x + width + 4 > chartArea.right ? x - width - 3 : x + 3;
        ctx.fillText(text, left, chartArea.top + 9 + 11 * row);
      }
      ctx.restore();
    },
  });

  function draw(name, type, datasets, news, stacked) {
    const canvas = box.querySelector(`[data-chart="${name}"]`);
    const muted = color("--muted"), line = color("--line");
    new Chart(canvas, {
      type,
      data: { datasets },
      options: {
        animation: false,
        maintainAspectRatio: false,
        parsing: false,
        layout: { padding: { right: 12 } },
        interaction: { mode: "nearest", axis: "x", intersect: false },
        scales: {
          x: {
            type: "linear", min: news.from, max: news.to, offset: false, stacked, afterBuildTicks: roundTimes,
            ticks: { color: muted, maxRotation: 0, autoSkip: false, callback: told },
            grid: { color: line, offset: false },
          },
          y: {
            beginAtZero: true, stacked, grid: { color: line },
            ticks: { color: muted, maxTicksLimit: 6, ...(name === "failures" ? { precision: 0 } : {}) },
          },
        },
        plugins: {
          legend: { labels: type === "line" ? dashedNames : { color: color("--ink"), boxWidth: 12 } },
          tooltip: { callbacks: { title: (items) => `${day(items[0].parsed.x)}, ${clock(items[0].parsed.x)}` } },
        },
      },
      plugins: [moveLines(news.moves)],
    });
  }

  async function start() {
    const answer = await fetch(box.dataset.series, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    const news = await answer.json();
    const bucket = news.step_seconds * 1000;
    const width = box.querySelector('[data-chart="rate"]').clientWidth;
    const bar = Math.max(2, Math.min(10, Math.floor((width * bucket) / (news.to - news.from)) - 1));

    // A bucket is shown at its middle; the first and the last one reach over the edge of the window.
    const middle = (at) => (Math.max(at, news.from) + Math.min(at + bucket, news.to)) / 2;
    const series = (label, stroke, rows, value, dash = []) => ({
      label, data: rows.map((row) => ({ x: middle(row.at), y: value(row) })),
      borderColor: stroke, backgroundColor: stroke, borderWidth: 2, borderDash: dash, pointRadius: 2, tension: 0,
      barThickness: bar, clip: 8, spanGaps: BUCKETS_JOINED * bucket,
    });
    const perVersion = (value, named = (tag) => tag, dash = []) => [...new Set(news.answered.map((row) => row.model_tag))]
      .map((tag, index) => series(named(tag || "nothing live"), palette[index % palette.length],
        news.answered.filter((row) => row.model_tag === tag), value, dash));

    const dashes = { p50: [], p95: [7, 3], p99: [2, 3] };
    draw("latency", "line", Object.keys(dashes).flatMap(
      (name) => perVersion((row) => row[name], (tag) => `${tag.split(":").pop()} ${name}`, dashes[name])), news, false);
    draw("rate", "bar", perVersion((row) => row.requests / news.step_seconds), news, true);
    draw("failures", "bar", [
      series("Parse failures", color("--warn"), news.answered, (row) => row.parse_failures),
      series("No answer", color("--bad"), news.failed, (row) => row.errors),
    ], news, true);
    box.dataset.drawn = "3";
  }

  start().catch((error) => {
    const note = document.getElementById("traffic-note");
    note.textContent = `The charts could not be drawn (${error.message}).`;
    note.hidden = false;
  });
})();
