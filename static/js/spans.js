// Pieces of a text as they are marked; the list of rows in the form follows, and is what is sent.
window.SpansView = (() => {
  "use strict";
  const tools = window.spansText;

  return class SpansView {
    constructor(fields) {
      this.fields = fields;
      this.palette = fields.querySelector("[data-spans-palette]");
      this.own = fields.querySelector("[data-spans-text]");
      this.box = document.getElementById("sample-text") ?? this.own;
      this.root = this.box.querySelector(".text");
      this.text = this.root.textContent;
      this.words = tools.words(this.text);
      this.labels = [...this.palette.querySelectorAll(".toggle input")].map((input) => input.value);
      this.rows = new window.SpanRows(fields, this.text, this.hue, {
        relabel: (span, name) => this.relabel(span, name),
        choose: (span) => { this.pick(span.start, span.end, span); this.box.focus({ preventScroll: true }); },
        remove: (span) => { this.remove(span); this.box.focus({ preventScroll: true }); },
      });
      this.was = fields.dataset.was ? JSON.parse(fields.dataset.was).map(this.rows.place) : null;
      this.begin();
    }

    begin() {
      this.box.hidden = this.palette.hidden = false;
      this.fields.querySelector(".spans-help").hidden = false;
      this.box.classList.add("spans-on");
      this.fields.classList.add("spans-live");
      this.palette.querySelectorAll(".toggle").forEach((toggle, i) => toggle.classList.add(`hue-${i % tools.HUES}`));
      // Tools here: what is entered are the rows.
      this.palette.querySelectorAll(".toggle input").forEach((input) => input.removeAttribute("name"));
      this.read();
    }

    // What the rows say, as they came or as they were kept.
    read() {
      this.spans = this.rows.read().sort(this.byPlace);
      this.history = [];
      this.picked = this.current = null;
      this.edge = "end";
      this.show();
    }

    restore(kept) {
      this.rows.restore(kept);
      this.read();
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
        this.show();
        return this.say(`${this.told(span)} is marked already.`);
      }
      this.change([...others, span], span, `${this.current ? "Relabelled" : "Marked"} ${this.told(span)}`);
    }

    // From its row. A label that the row does not know is none.
    relabel(span, name) {
      this.current = span;
      this.picked = [span.start, span.end];
      if (this.labels.includes(name)) this.label(name); else this.remove(span);
      this.rows.focus(this.spans.indexOf(this.current));
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
      this.rows.write(this.spans);
      this.highlight();
      this.tick();
      this.fields.dataset.changes = this.difference();
      this.fields.dispatchEvent(new Event("change", { bubbles: true }));
    }

    difference() {
      if (!this.was) return "";
      const same = (a) => (b) => a.label === b.label && a.start === b.start && a.end === b.end;
      const added = this.spans.filter((span) => !this.was.some(same(span))), gone = this.was.filter((span) => !this.spans.some(same(span)));
      const said = (words, spans) => (spans.length ? `${words}: ${spans.map(this.told).join(", ")}.` : "");
      return [said("Added", added), said("Taken away", gone)].filter(Boolean).join(" ");
    }
  };
})();
