// What leads from one text to another, word by word: for what is typed, before it is saved. The server has its own.
"use strict";

(() => {
  // So many words are compared while one types; of longer texts it is said that they differ.
  const MOST = 600, SHOWN = 8;
  const words = (text) => text.match(/\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? [];

  // Lengths of the longest common sequences of all ends.
  function table(a, b) {
    const rows = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
    for (let i = a.length - 1; i >= 0; i--) {
      for (let j = b.length - 1; j >= 0; j--) rows[i][j] = a[i] === b[j] ? rows[i + 1][j + 1] + 1 : Math.max(rows[i + 1][j], rows[i][j + 1]);
    }
    return rows;
  }

  function middle(a, b) {
    const rows = table(a, b), found = [];
    let i = 0, j = 0;
    while (i < a.length || j < b.length) {
      if (i < a.length && j < b.length && a[i] === b[j]) { found.push(["same", a[i]]); i++; j++; }
      else if (j >= b.length || (i < a.length && rows[i + 1][j] >= rows[i][j + 1])) found.push(["removed", a[i++]]);
      else found.push(["added", b[j++]]);
    }
    return found;
  }

  // Pieces `[what, text]`; null where the texts are too long to be compared at once.
  function pieces(before, after) {
    const a = words(before), b = words(after);
    let start = 0, end = 0;
    while (start < a.length && start < b.length && a[start] === b[start]) start++;
    while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
    const [old, now] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
    if (Math.max(old.length, now.length) > MOST) return null;
    const head = a.slice(Math.max(0, start - SHOWN), start), tail = a.slice(a.length - end).slice(0, SHOWN);
    const found = [["same", (start > SHOWN ? "… " : "") + head.join("")], ...middle(old, now), ["same", tail.join("") + (end > SHOWN ? " …" : "")]];
    return joined(found.filter(([, text]) => text));
  }

  // Neighbours of one sort are one piece; of a stretch that changed, what went stands before what came.
  function joined(found) {
    const whole = [];
    let gone = "", come = "";
    for (const [what, text] of [...found, ["same", ""]]) {
      if (what === "removed") gone += text;
      else if (what === "added") come += text;
      else {
        if (gone) whole.push(["removed", gone]);
        if (come) whole.push(["added", come]);
        if (text) whole.push(["same", text]);
        gone = come = "";
      }
    }
    return whole;
  }

  const ELEMENTS = { removed: "del", added: "ins", same: "span" };
  window.wordDifference = (before, after) => pieces(before, after)?.map(([what, text]) => Object.assign(document.createElement(ELEMENTS[what]), { textContent: text }));
})();
