// The rows of a form that hold marked pieces of a text: read when the form comes, written after each change, and sent.
window.SpanRows = (() => {
  "use strict";
  const tools = window.spansText;
  const NAMES = ["label", "text", "start", "end"];
  const field = (row, name) => row.querySelector(`[name=span_${name}]`);
  const bare = (text) => text.replace(/\s+/gu, "");

  return class SpanRows {
    // `on`: what a row asks for of its piece: `relabel`, `choose`, `remove`; `hue`: the number of a label's.
    constructor(fields, text, hue, on) {
      Object.assign(this, { fields, text, hue, on, typed: [] });
      this.list = fields.querySelector(".span-rows ol");
      this.blank = this.list.lastElementChild.cloneNode(true);
    }

    // The pieces that the rows place. What has no places (yet), or others than its text has, stays to be written by hand.
    read() {
      const rows = [...this.list.children].map((row) => ({ row, ...Object.fromEntries(NAMES.map((name) => [name, field(row, name).value])) }));
      this.typed = rows.filter((each) => (each.label || each.text) && !this.stands(each)).map(({ row }) => row);
      return rows.filter((each) => this.stands(each)).map((each) => this.place(each));
    }

    place = ({ label, start, end }) => ({ label, start: tools.utf16(this.text, Number(start)), end: tools.utf16(this.text, Number(end)) });

    stands(said) {
      if (!said.label || ![said.start, said.end].every((at) => /^\d+$/.test(at))) return false;
      const { start, end } = this.place(said);
      return start < end && (!said.text || bare(said.text) === bare(this.text.slice(start, end)));
    }

    // The rows of a draft; where they stand is read anew.
    restore(kept) {
      const columns = NAMES.map((name) => kept.filter(([each]) => each === `span_${name}`).map(([, value]) => value));
      const rows = columns[0].map((_, at) => {
        const row = this.blank.cloneNode(true);
        NAMES.forEach((name, which) => { field(row, name).value = columns[which][at] ?? ""; });
        return row;
      });
      this.list.replaceChildren(...rows, this.blank);
    }

    write(spans) {
      this.list.replaceChildren(...spans.map((span) => this.row(span)), ...this.typed, this.blank);
      // The server counts the rows as they are sent.
      [...this.list.children].forEach((row, at) => row.querySelectorAll("[name=span_gone]").forEach((box) => { box.value = at; }));
    }

    row(span) {
      const row = this.blank.cloneNode(true), quote = this.text.slice(span.start, span.end);
      row.classList.add("span-known", `hue-${this.hue(span.label) % tools.HUES}`);
      row.querySelector(".span-gone")?.remove();
      const label = field(row, "label");
      label.value = span.label;
      label.setAttribute("aria-label", `Label of ${quote}`);
      const values = { text: quote, start: tools.codePoints(this.text, span.start), end: tools.codePoints(this.text, span.end) };
      for (const [name, value] of Object.entries(values)) Object.assign(field(row, name), { type: "hidden", value });
      label.addEventListener("change", (event) => {
        event.stopPropagation();
        this.on.relabel(span, event.target.value);
      });
      row.append(this.button(quote, "span-quote", () => this.on.choose(span)), this.button("✕", "span-remove", () => this.on.remove(span)));
      row.lastElementChild.setAttribute("aria-label", `Remove ${span.label}: ${quote}`);
      return row;
    }

    button(words, name, action) {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: `btn btn-quiet ${name}`, textContent: words });
      button.addEventListener("click", action);
      return button;
    }

    focus(at) {
      const row = this.list.children[at];
      if (row) field(row, "label").focus();
    }
  };
})();
