// What keys, mouse and touch do with the marks of the text on the page.
(() => {
  "use strict";
  const tools = window.spansText;
  let view = null;

  function key(event) {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key], grip = event.target.dataset.edge;
    const word = event.ctrlKey || event.metaKey || event.altKey;
    // On the review page digits go by the labels that are shown there.
    const digit = window.labels || word ? -1 : "1234567890".indexOf(event.key);
    if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) view.back();
    else if (way && grip) view.resize(grip, view.next(grip, way, word || event.shiftKey));
    else if (way && event.shiftKey && view.picked) view.resize(view.edge, view.next(view.edge, way, word));
    else if (way && word && !event.altKey) view.mark(way);
    else if (way && !word) view.word(way);
    else if (["Home", "End"].includes(event.key) && view.picked) view.turn(event.key === "Home" ? "start" : "end");
    else if (["Delete", "Backspace"].includes(event.key) && view.current) view.remove(view.current);
    else if (digit >= 0 && view.labels[digit]) view.label(view.labels[digit]);
    else return;
    event.preventDefault();
    event.stopPropagation();
    if (grip) view.root.querySelector(`[data-edge=${grip}]`)?.focus();
  }

  function selected() {
    const found = document.getSelection();
    if (!found.rangeCount || found.isCollapsed) return;
    const range = found.getRangeAt(0);
    if (!view.root.contains(range.startContainer) || !view.root.contains(range.endContainer)) return;
    const [start, end] = [tools.offsetOf(view.root, range.startContainer, range.startOffset), tools.offsetOf(view.root, range.endContainer, range.endOffset)];
    const piece = tools.trimmed(view.text, start, end);
    if (piece && String(piece) !== String(view.picked)) view.pickQuietly(piece);
  }

  function drag(event) {
    const edge = event.target.dataset?.edge;
    if (!edge) return;
    event.preventDefault();
    const move = (moved) => {
      const at = tools.placeAt(view.root, moved.clientX, moved.clientY);
      if (at !== null && view.picked) view.resize(edge, at);
    };
    const stop = () => {
      document.removeEventListener("pointermove", move);
      document.removeEventListener("pointerup", stop);
      document.removeEventListener("pointercancel", stop);
    };
    document.addEventListener("pointermove", move);
    document.addEventListener("pointerup", stop);
    document.addEventListener("pointercancel", stop);
  }

  function begin() {
    const fields = document.querySelector("[data-spans]");
    if (!fields || fields === view?.fields) return;
    view = new window.SpansView(fields);
    view.box.addEventListener("keydown", key);
    view.box.addEventListener("pointerdown", drag);
    view.box.addEventListener("click", (event) => {
      if (event.target.dataset.edge || !document.getSelection().isCollapsed) return;
      const at = tools.placeAt(view.root, event.clientX, event.clientY);
      if (at !== null) view.click(at);
    });
    // What was selected by hand is drawn once the hand is off.
    view.box.addEventListener("pointerup", (event) => {
      if (event.pointerType === "mouse" && view.drawn !== view.current) view.show();
    });
    view.palette.addEventListener("change", (event) => {
      if (!event.target.closest(".toggle")) return;
      event.stopPropagation();
      view.label(event.target.value);
    });
  }

  document.addEventListener("selectionchange", () => { if (view?.fields.isConnected) selected(); });
  document.addEventListener("draft:filling", ({ detail }) => { if (view?.fields.isConnected) view.restore(detail); });
  document.addEventListener("htmx:afterSwap", begin);
  begin();
})();
