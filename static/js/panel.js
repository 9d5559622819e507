// A panel beside the text, over it on a phone: the guideline, what the model wrote, one's answer and the model's.
"use strict";

window.panel = (() => {
  const panel = document.getElementById("panel");
  // What is told of one text goes with it.
  const OF_A_TEXT = ["words", "compare"];
  let current = "", opener = null;

  const link = (name) => document.querySelector(`[data-panel][data-command="${name}"]`);
  const isOpen = () => !panel.hidden;

  function load(from) {
    document.getElementById("panel-title").textContent = from.dataset.panel;
    const body = document.getElementById("panel-body");
    body.textContent = "…";
    htmx.ajax("GET", from.href, { target: body, swap: "innerHTML", source: panel });
  }

  function open(from) {
    opener = document.activeElement;
    current = from.dataset.command;
    panel.hidden = false;
    document.body.classList.add("has-panel");
    load(from);
    panel.focus({ preventScroll: true });
  }

  function close() {
    if (!isOpen()) return;
    panel.hidden = true;
    document.body.classList.remove("has-panel");
    current = "";
    const back = opener?.isConnected && opener !== document.body ? opener : document.getElementById("sample-text");
    back?.focus({ preventScroll: true });
  }

  // Another text is shown: what was told of the last one must not stand beside it.
  function ready(isNew) {
    if (!isNew || !OF_A_TEXT.includes(current)) return;
    const next = link(current);
    if (next && current !== "compare") load(next);
    else close();
  }

  // What asks for a decision has Enter for itself: it must not save the next text's answer. Before the settling htmx does
  // not know the button yet, and a quick Enter would leave the page.
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (panel.contains(detail.target) && current === "compare") detail.target.querySelector(".btn-primary")?.focus({ preventScroll: true });
  });

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const from = event.target.closest("[data-panel]");
    if (from) {
      event.preventDefault();
      if (isOpen() && current === from.dataset.command) close();
      else open(from);
    } else if (event.target.closest("#panel [data-close]")) {
      event.preventDefault();
      close();
    }
  });

  return { ready, close, isOpen };
})();
