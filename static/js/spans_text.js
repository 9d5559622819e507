// A text whose pieces are marked: its words, its places, and how marks are drawn. Places here are JavaScript's (UTF-16).
window.spansText = (() => {
  "use strict";
  const HUES = 8;
  const segmenter = "Segmenter" in Intl ? new Intl.Segmenter(undefined, { granularity: "word" }) : null;

  // Begin and end of each word, in order.
  function words(text) {
    if (segmenter) return [...segmenter.segment(text)].filter((each) => each.isWordLike).map((each) => [each.index, each.index + each.segment.length]);
    return [...text.matchAll(/[\p{L}\p{N}\p{M}_]+/gu)].map((each) => [each.index, each.index + each[0].length]);
  }

  // The server counts code points.
  const codePoints = (text, at) => [...text.slice(0, at)].length;
  const utf16 = (text, count) => {
    let at = 0;
    for (; count > 0 && at < text.length; count -= 1) at += text.codePointAt(at) > 0xffff ? 2 : 1;
    return at;
  };

  function trimmed(text, start, end) {
    while (start < end && !text.slice(start, end)[0].trim()) start += 1;
    while (end > start && !text[end - 1].trim()) end -= 1;
    return start < end ? [start, end] : null;
  }

  // A place one character on; never inside a pair that is one character.
  function step(text, at, by) {
    const next = Math.min(Math.max(at + by, 0), text.length);
    const inPair = /[\udc00-\udfff]/.test(text[next] ?? "") && /[\ud800-\udbff]/.test(text[next - 1] ?? "");
    return inPair ? next + by : next;
  }

  function offsetOf(root, node, offset) {
    const before = document.createRange();
    before.selectNodeContents(root);
    before.setEnd(node, offset);
    return before.toString().length;
  }

  // The place in the text under a point of the screen; null where there is none.
  function placeAt(root, x, y) {
    const found = document.caretPositionFromPoint?.(x, y);
    const old = found ? null : document.caretRangeFromPoint?.(x, y);
    const [node, offset] = found ? [found.offsetNode, found.offset] : [old?.startContainer, old?.startOffset];
    return node && root.contains(node) ? offsetOf(root, node, offset) : null;
  }

  function rangeOf(root, start, end) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), range = document.createRange();
    let at = 0, begun = false;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const after = at + node.length;
      if (!begun && start < after) { range.setStart(node, start - at); begun = true; }
      if (begun && end <= after) { range.setEnd(node, end - at); return range; }
      at = after;
    }
    return null;
  }

  // Each mark has a line of its own under the text, below those that began before it and are still open.
  function lanes(spans) {
    const open = [];
    return spans.map((span) => {
      let lane = open.findIndex((end) => end <= span.start);
      if (lane < 0) lane = open.length;
      open[lane] = span.end;
      return lane;
    });
  }

  // Draws the text with its marks; `spans` are in order, with the number of their label's hue.
  function draw(root, text, spans, current) {
    const edges = [...new Set([0, text.length, ...spans.flatMap((span) => [span.start, span.end])])].sort((a, b) => a - b);
    const lane = lanes(spans), drawn = document.createDocumentFragment();
    edges.slice(0, -1).forEach((start, i) => {
      const over = spans.map((span, at) => ({ ...span, at })).filter((span) => span.start <= start && span.end > start);
      if (current && start === current.start) drawn.append(grip("start", current));
      let inner = drawn;
      // The lowest line is the outermost mark.
      for (const span of over.sort((a, b) => lane[b.at] - lane[a.at])) {
        const mark = document.createElement("mark");
        mark.className = `span-mark hue-${span.hue % HUES} lane-${Math.min(lane[span.at], 3)}`;
        if (span.start === start) mark.dataset.label = span.label;
        if (current && span.at === current.at) mark.classList.add("is-current");
        inner.append(mark);
        inner = mark;
      }
      inner.append(text.slice(start, edges[i + 1]));
      if (current && edges[i + 1] === current.end) drawn.append(grip("end", current));
    });
    root.replaceChildren(drawn);
  }

  function grip(edge, span) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = `span-grip span-grip-${edge}`;
    button.dataset.edge = edge;
    button.setAttribute("aria-label", `${edge === "start" ? "Begin" : "End"} of ${span.label}: move it with the arrow keys`);
    return button;
  }

  return { HUES, words, codePoints, utf16, trimmed, step, offsetOf, placeAt, rangeOf, draw };
})();
