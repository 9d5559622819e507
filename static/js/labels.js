// Labels to choose from: found by their words, those at hand first, their meaning told, the limit minded while choosing.
"use strict";

window.labels = (() => {
  const root = document.getElementById("review");
  const bar = document.getElementById("bar");
  const KEYS = "1234567890", MANY = 12, RECENT = 6;
  const RECENTLY = `recent:${location.pathname}`;

  const toggles = () => [...root.querySelectorAll(".toggle")];
  const shown = () => toggles().filter((toggle) => !toggle.hidden);
  const box = (toggle) => toggle.querySelector("input");
  const name = (toggle) => box(toggle).value;
  const proposed = (toggle) => toggle.hasAttribute("data-proposed");
  const about = (toggle) => toggle.dataset.about ?? "";
  const place = () => root.querySelector(".toggles");

  // Case, accents, `_`, `-` and spaces do not tell labels apart for who looks for one.
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[_\-\s/.]+/g, " ").trim();

  // The first ten labels that are shown carry the number keys.
  function number() {
    toggles().forEach((toggle) => { toggle.querySelector("kbd").textContent = ""; });
    shown().slice(0, KEYS.length).forEach((toggle, i) => { toggle.querySelector("kbd").textContent = KEYS[i]; });
  }

  // Every word that is looked for stands in the name; where none does, in what the label means.
  function find(words) {
    const wanted = fold(words).split(" ").filter(Boolean);
    const holds = (text) => wanted.every((word) => text.includes(word));
    const named = toggles().filter((toggle) => holds(fold(name(toggle))));
    const found = new Set(named.length ? named : toggles().filter((toggle) => holds(fold(`${name(toggle)} ${about(toggle)}`))));
    toggles().forEach((toggle) => { toggle.hidden = !found.has(toggle); });
    const said = document.getElementById("found");
    if (said) said.textContent = found.size || !wanted.length ? "" : `No label holds “${words.trim()}”.`;
    place()?.classList.toggle("is-filtered", wanted.length > 0);
    number();
  }

  const recent = () => JSON.parse(sessionStorage.getItem(RECENTLY) ?? "[]");
  function remember() {
    const chosen = toggles().filter((toggle) => box(toggle).checked).map(name);
    sessionStorage.setItem(RECENTLY, JSON.stringify([...new Set([...chosen, ...recent()])].slice(0, RECENT)));
  }

  // Of many labels those that are proposed stand first, then those chosen of late. Few stay where they are known to be.
  function order() {
    if (toggles().length <= MANY || place().querySelector(".break")) return;
    const late = recent();
    const first = toggles().filter((toggle) => proposed(toggle) || box(toggle).checked);
    const then = late.map((each) => toggles().find((toggle) => name(toggle) === each)).filter((toggle) => toggle && !first.includes(toggle));
    if (!first.length && !then.length) return;
    const line = Object.assign(document.createElement("span"), { className: "break", ariaHidden: "true" });
    place().querySelector("legend").after(...first, ...then, line);
  }

  function limit() {
    const said = document.getElementById("limit"), most = Number(place()?.dataset.limit);
    if (!said) return;
    const over = most && box(toggles()[0])?.type === "checkbox" ? toggles().filter((toggle) => box(toggle).checked).length - most : 0;
    const words = over > 0 ? `At most ${most} label${most > 1 ? "s" : ""}: take ${over} away.` : "";
    if (said.textContent !== words) said.textContent = words;
  }

  // What a label means, while it has the focus or the pointer, or after a touch.
  function tell(toggle) {
    const said = document.getElementById("about");
    const words = toggle && about(toggle) ? `${name(toggle)}: ${about(toggle)}` : "";
    said.textContent = words;
    said.hidden = !words;
  }

  const saves = () => bar.hasAttribute("data-advances");
  const advance = (input) => { if (saves() && input.type === "radio" && input.checked) bar.querySelector("[data-command=save]")?.click(); };

  function flip(toggle) {
    if (!toggle) return;
    const input = box(toggle);
    if (input.type !== "radio" || !input.checked) {
      input.checked = !input.checked;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }
    advance(input);
  }

  for (const [event, leave] of [["pointerover", "pointerout"], ["focusin", "focusout"]]) {
    root.addEventListener(event, ({ target }) => { const toggle = target.closest(".toggle"); if (toggle) tell(toggle); });
    root.addEventListener(leave, ({ relatedTarget }) => { if (!relatedTarget?.closest?.(".toggle")) tell(document.activeElement.closest(".toggle")); });
  }
  // An arrow key in a group of radio buttons chooses, too, and comes as a click without a pointer: that one saves nothing.
  root.addEventListener("click", (event) => { if (event.detail > 0 && event.target.matches(".toggle input")) advance(event.target); });
  root.addEventListener("change", limit);
  document.addEventListener("htmx:beforeRequest", ({ detail }) => { if (detail.elt.id === "review-form") remember(); });

  function ready() {
    const field = root.querySelector(".find");
    if (field) field.hidden = false;
    // Shown in the bar: a second one under the pointer would be in the way.
    for (const toggle of toggles()) {
      if (!toggle.title) continue;
      toggle.dataset.about = toggle.title;
      toggle.removeAttribute("title");
    }
    order();
    number();
    limit();
    tell(null);
  }

  return { ready, find, flip, toggles, shown, box, proposed, KEYS };
})();
