// Pieces of a text marked with mouse, touch or keys; the list of rows in the form follows, and is what is sent.
(() => {
  "use strict";
  const tools = window.spansText;
  let view = null;

  class View {
    constructor(fields) {
      this.fields = fields;
      this.palette = fields.querySelector("[data-spans-palette]");
      this.own = fields.querySelector("[data-spans-text]");
      this.box = document.getElementById("sample-text") ?? this.own;
      this.root = this.box.querySelector(".text");
      this.text = this.root.textContent;
      this.words = tools.words(this.text);
      this.labels = [...this.palette.querySelectorAll(".toggle input")].map((input) => input.value);
      this.list = fields.querySelector(".span-rows ol");
      this.blank = this.list.lastElementChild.cloneNode(true);
      this.was = fields.dataset.was ? this.placed(JSON.parse(fields.dataset.was)) : null;
      this.history = [];
      this.picked = null;
      this.current = null;
      this.edge = "end";
      this.begin();
    }

    begin() {
      this.box.hidden = this.palette.hidden = false;
      this.fields.querySelector(".spans-help").hidden = false;
      this.box.classList.add("spans-on");
      this.fields.classList.add("spans-live");
      this.palette.querySelectorAll(".toggle").forEach((toggle, i) => toggle.classList.add(`hue-${i % tools.HUES}`));
      this.read();
    }

    read() {
      const rows = [...this.list.children].map((row) => Object.fromEntries(["label", "text", "start", "end"].map((name) => [name, row.querySelector(`[name=span_${name}]`).value])));
      this.spans = this.placed(rows.filter((row) => row.label && /^\d+$/.test(row.start) && /^\d+$/.test(row.end)));
      // What has no places (yet) stays a row to be written by hand.
      this.typed = [...this.list.children].filter((row, i) => (rows[i].label || rows[i].text) && !(rows[i].label && /^\d+$/.test(rows[i].start) && /^\d+$/.test(rows[i].end)));
      this.show();
    }

    // The rows of a draft, as the form had them.
    restore(kept) {
      const [labels, ...others] = ["label", "text", "start", "end"].map((name) => kept.filter(([each]) => each === `span_${name}`).map(([, value]) => value));
      const rows = labels.map((label, i) => [label, ...others.map((values) => values[i])]).filter(([label, text]) => label || text);
      this.list.replaceChildren(...rows.map((row) => this.filled(...row)), this.blank);
      this.history = [];
      this.picked = this.current = null;
      this.read();
    }

    filled(label, text, start, end) {
      const row = this.blank.cloneNode(true);
      for (const [name, value] of Object.entries({ label, text, start, end })) row.querySelector(`[name=span_${name}]`).value = value;
      return row;
    }

    placed(rows) {
      const spans = rows.map((row) => ({ label: row.label, start: tools.utf16(this.text, Number(row.start)), end: tools.utf16(this.text, Number(row.end)) }));
      return spans.filter((span) => span.start < span.end).sort(this.byPlace);
    }

    byPlace = (a, b) => a.start - b.start || a.end - b.end || this.labels.indexOf(a.label) - this.labels.indexOf(b.label);
    quote = (span) => this.text.slice(span.start, span.end);
    hue = (label) => Math.max(this.labels.indexOf(label), 0);
    told = (span) => `${span.label}: ${this.quote(span)}`;

    say(words) {
      const said = this.fields.querySelector("[data-spans-said]");
      if (said.textContent !== words) said.textContent = words;
    }

    // One change of the marks, which can be taken back.
    change(spans, current, words) {
      this.history.push(this.spans);
      this.spans = spans.sort(this.byPlace);
      this.current = current;
      if (current) this.picked = [current.start, current.end];
      this.show();
      this.say(words);
    }

    back() {
      if (!this.history.length) return;
      this.spans = this.history.pop();
      this.current = this.picked = null;
      this.show();
      this.say("The last change is taken back.");
    }

    label(name) {
      if (!this.picked) {
        this.tick();
        return this.say("Select a piece of the text first, then choose its label.");
      }
      const others = this.spans.filter((span) => span !== this.current);
      const [start, end] = this.picked, span = { label: name, start, end };
      if (this.current?.label === name) return this.remove(this.current);
      if (others.some((each) => each.label === name && each.start === start && each.end === end)) {
        this.tick();
        return this.say(`${this.told(span)} is marked already.`);
      }
      this.change([...others, span], span, `${this.current ? "Relabelled" : "Marked"} ${this.told(span)}`);
    }

    remove(span) {
      if (span !== this.current) this.picked = null;
      this.change(this.spans.filter((each) => each !== span), null, `No longer marked: ${this.told(span)}`);
    }

    pick(start, end, current = null) {
      const piece = tools.trimmed(this.text, start, end);
      if (!piece) return;
      this.picked = piece;
      const same = this.spans.find((span) => span.start === piece[0] && span.end === piece[1]) ?? null;
      const before = this.current;
      this.current = current ?? same;
      if (before !== this.current) this.show(); else this.highlight();
      this.tick();
      this.say(this.current ? `Marked piece: ${this.told(this.current)}` : `Selected: ${this.text.slice(...piece)}`);
    }

    // Another begin or end for the marked piece that is chosen, or for what is selected.
    resize(edge, at) {
      const [start, end] = edge === "start" ? [at, this.picked[1]] : [this.picked[0], at];
      const piece = start < end ? tools.trimmed(this.text, start, end) : null;
      if (!piece || (piece[0] === this.picked[0] && piece[1] === this.picked[1])) return;
      if (!this.current) return this.pick(...piece);
      const span = { ...this.current, start: piece[0], end: piece[1] };
      this.change([...this.spans.filter((each) => each !== this.current), span], span, this.told(span));
    }

    next(edge, way, byCharacter) {
      const at = this.picked[edge === "start" ? 0 : 1];
      if (byCharacter) return this.character(edge, at, way);
      const places = this.words.map((word) => word[edge === "start" ? 0 : 1]);
      return (way > 0 ? places.find((place) => place > at) : places.findLast((place) => place < at)) ?? at;
    }

    // White space at an edge belongs to no mark: the next place is beyond it.
    character(edge, at, way) {
      let next = tools.step(this.text, at, way);
      const grows = (edge === "end") === (way > 0);
      while (grows && next > 0 && next < this.text.length && !this.text[edge === "end" ? next - 1 : next].trim()) next = tools.step(this.text, next, way);
      return next;
    }

    word(way) {
      const [start, end] = this.picked ?? [0, 0];
      const found = way > 0 ? this.words.find((word) => word[0] >= end) : this.words.findLast((word) => word[1] <= start);
      if (!found) return;
      this.edge = "end";
      this.pick(...found);
    }

    mark(way) {
      if (!this.spans.length) return this.say("Nothing is marked yet.");
      const at = this.spans.indexOf(this.current), count = this.spans.length;
      const next = this.spans[at < 0 ? (way > 0 ? 0 : count - 1) : (at + way + count) % count];
      this.edge = "end";
      this.pick(next.start, next.end, next);
    }

    key(event) {
      const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key], grip = event.target.dataset.edge;
      const word = event.ctrlKey || event.metaKey || event.altKey;
      if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) this.back();
      else if (way && grip) this.resize(grip, this.next(grip, way, word || event.shiftKey));
      else if (way && event.shiftKey && this.picked) this.resize(this.edge, this.next(this.edge, way, word));
      else if (way && word && !event.altKey) this.mark(way);
      else if (way && !word) this.word(way);
      else if (["Home", "End"].includes(event.key) && this.picked) this.turn(event.key === "Home" ? "start" : "end");
      else if (["Delete", "Backspace"].includes(event.key) && this.current) this.remove(this.current);
      else return;
      event.preventDefault();
      event.stopPropagation();
      if (grip) this.root.querySelector(`[data-edge=${grip}]`)?.focus();
    }

    turn(edge) {
      this.edge = edge;
      this.say(`Shift and the arrow keys move its ${edge === "start" ? "begin" : "end"} now.`);
    }

    // A click chooses the shortest mark there, the next click the one around it.
    click(at) {
      const there = this.spans.filter((span) => span.start <= at && at <= span.end).sort((a, b) => a.end - a.start - (b.end - b.start));
      const next = there[(there.indexOf(this.current) + 1) % (there.length || 1)] ?? null;
      if (next) return this.pick(next.start, next.end, next);
      this.picked = this.current = null;
      this.show();
      this.say("");
    }

    selected() {
      const found = document.getSelection();
      if (!found.rangeCount || found.isCollapsed) return;
      const range = found.getRangeAt(0);
      if (!this.root.contains(range.startContainer) || !this.root.contains(range.endContainer)) return;
      const [start, end] = [tools.offsetOf(this.root, range.startContainer, range.startOffset), tools.offsetOf(this.root, range.endContainer, range.endOffset)];
      const piece = tools.trimmed(this.text, start, end);
      if (piece && String(piece) !== String(this.picked)) this.pickQuietly(piece);
    }

    // While somebody drags a selection the text must not be drawn anew under it.
    pickQuietly(piece) {
      this.picked = piece;
      this.current = this.spans.find((span) => span.start === piece[0] && span.end === piece[1]) ?? null;
      this.edge = "end";
      this.highlight();
      this.tick();
      this.say(`Selected: ${this.text.slice(...piece)}`);
    }

    highlight() {
      const range = this.picked && tools.rangeOf(this.root, ...this.picked);
      if (window.CSS?.highlights) {
        if (range) CSS.highlights.set("span-picked", new Highlight(range)); else CSS.highlights.delete("span-picked");
      } else if (range) {
        document.getSelection().removeAllRanges();
        document.getSelection().addRange(range);
      }
    }

    tick() {
      this.palette.querySelectorAll(".toggle input").forEach((input) => { input.checked = this.current?.label === input.value; });
    }

    show() {
      this.drawn = this.current;
      const at = this.spans.indexOf(this.current);
      tools.draw(this.root, this.text, this.spans.map((span) => ({ ...span, hue: this.hue(span.label) })), at < 0 ? null : { ...this.current, at });
      this.list.replaceChildren(...this.spans.map((span) => this.row(span)), ...this.typed, this.blank);
      this.highlight();
      this.tick();
      this.fields.dataset.changes = this.difference();
      this.fields.dispatchEvent(new Event("change", { bubbles: true }));
    }

    row(span) {
      const row = this.blank.cloneNode(true), field = (name) => row.querySelector(`[name=span_${name}]`);
      row.classList.add("span-known", `hue-${this.hue(span.label) % tools.HUES}`);
      row.querySelector(".span-gone")?.remove();
      field("label").value = span.label;
      field("label").setAttribute("aria-label", `Label of ${this.quote(span)}`);
      const values = { text: this.quote(span), start: tools.codePoints(this.text, span.start), end: tools.codePoints(this.text, span.end) };
      for (const [name, value] of Object.entries(values)) Object.assign(field(name), { type: "hidden", value });
      field("label").addEventListener("change", (event) => {
        event.stopPropagation();
        this.current = span;
        this.picked = [span.start, span.end];
        if (this.labels.includes(event.target.value)) this.label(event.target.value); else this.remove(span);
        this.list.children[this.spans.indexOf(this.current)]?.querySelector("[name=span_label]").focus();
      });
      row.append(this.button(this.quote(span), "span-quote", () => { this.pick(span.start, span.end, span); this.box.focus({ preventScroll: true }); }), this.button("✕", "span-remove", () => { this.remove(span); this.box.focus({ preventScroll: true }); }));
      row.lastElementChild.setAttribute("aria-label", `Remove ${this.told(span)}`);
      return row;
    }

    button(words, name, action) {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: `btn btn-quiet ${name}`, textContent: words });
      button.addEventListener("click", action);
      return button;
    }

    difference() {
      if (!this.was) return "";
      const same = (a) => (b) => a.label === b.label && a.start === b.start && a.end === b.end;
      const added = this.spans.filter((span) => !this.was.some(same(span))), gone = this.was.filter((span) => !this.spans.some(same(span)));
      const said = (words, spans) => (spans.length ? `${words}: ${spans.map(this.told).join(", ")}.` : "");
      return [said("Added", added), said("Taken away", gone)].filter(Boolean).join(" ");
    }

    drag(event) {
      const edge = event.target.dataset?.edge;
      if (!edge) return;
      event.preventDefault();
      const move = (moved) => {
        const at = tools.placeAt(this.root, moved.clientX, moved.clientY);
        if (at !== null && this.picked) this.resize(edge, at);
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
  }

  function begin() {
    const fields = document.querySelector("[data-spans]");
    if (!fields || fields === view?.fields) return;
    view = new View(fields);
    view.box.addEventListener("keydown", (event) => view.key(event));
    view.box.addEventListener("pointerdown", (event) => view.drag(event));
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
      if (event.target.name !== "labels") return;
      event.stopPropagation();
      view.label(event.target.value);
    });
  }

  document.addEventListener("selectionchange", () => { if (view?.fields.isConnected) view.selected(); });
  document.addEventListener("draft:filling", ({ detail }) => { if (view?.fields.isConnected) view.restore(detail); });
  document.addEventListener("htmx:afterSwap", begin);
  begin();
})();
