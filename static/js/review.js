// Shortcuts, the difference to the proposal, focus. The page works without any of it.
(() => {
  "use strict";
  const root = document.getElementById("review");
  const bar = document.getElementById("bar");
  const KEYS = "1234567890";
  const FIELD = "textarea, select, input:not([type=checkbox], [type=radio], [type=hidden])";
  const CONTROL = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl";
  // Where an answer is typed, letters are commands after Esc alone: a click beside the box must not arm them.
  let armed = false, shownSample = "";

  const form = () => document.getElementById("review-form");
  const text = () => document.getElementById("sample-text");
  const typed = () => root.querySelector("[data-typed]");
  const toggles = () => [...root.querySelectorAll(".toggle")];
  const shown = () => toggles().filter((toggle) => !toggle.hidden);
  const box = (toggle) => toggle.querySelector("input");
  const proposed = (toggle) => toggle.hasAttribute("data-proposed");
  const sample = () => form()?.elements.sample?.value ?? "";
  const commanding = () => !document.activeElement.matches(FIELD) && (armed || !typed());

  // The first ten labels that are shown carry the number keys.
  function number() {
    toggles().forEach((toggle) => { toggle.querySelector("kbd").textContent = ""; });
    shown().slice(0, KEYS.length).forEach((toggle, i) => { toggle.querySelector("kbd").textContent = KEYS[i]; });
  }

  // What stands in the bar names the key that works now.
  function nameKeys() {
    const at = document.activeElement, commands = commanding();
    const enterSaves = at.name === "comment" || (commands && !at.matches("a, button, summary"));
    for (const kbd of bar.querySelectorAll("[data-key] kbd")) {
      const { key } = kbd.parentElement.dataset;
      const name = key === "enter" ? `${enterSaves ? "" : `${CONTROL} `}Enter` : `${commands ? "" : "Esc "}${key.toUpperCase()}`;
      if (kbd.textContent !== name) kbd.textContent = name;
      kbd.hidden = false;
    }
    root.classList.toggle("typing", !commands);
  }

  function difference() {
    // Fields with a script of their own say it themselves.
    const own = root.querySelector("[data-changes]");
    if (own) return own.dataset.changes;
    const answer = typed();
    if (answer) return answer.dataset.proposed && answer.value.trim() !== answer.dataset.proposed ? "The text differs from the proposal." : "";
    if (!toggles().some(proposed) && !root.querySelector("[data-has-proposal]")) return "";
    const names = (list) => list.map((toggle) => box(toggle).value).join(", ");
    const added = toggles().filter((toggle) => box(toggle).checked && !proposed(toggle));
    const removed = toggles().filter((toggle) => !box(toggle).checked && proposed(toggle));
    return [added.length ? `Added: ${names(added)}.` : "", removed.length ? `Taken away: ${names(removed)}.` : ""].filter(Boolean).join(" ");
  }

  function showDifference() {
    const changes = document.getElementById("changes");
    const label = document.querySelector("#save span");
    if (!changes || !label) return;
    const said = difference();
    if (changes.textContent !== said) changes.textContent = said;
    label.dataset.start ??= label.textContent;
    label.textContent = said ? "Save correction" : label.dataset.start;
  }

  function find(words) {
    toggles().forEach((toggle) => {
      toggle.hidden = !box(toggle).value.toLowerCase().includes(words.trim().toLowerCase());
    });
    number();
  }

  function flip(toggle) {
    if (!toggle) return;
    const input = box(toggle);
    if (input.type === "radio" && input.checked) return;
    input.checked = !input.checked;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // A click, not requestSubmit(): htmx learns only from clicks which button was meant.
  const press = (key) => bar.querySelector(`[data-key="${key}"]`)?.click();

  function comment() {
    const details = root.querySelector(".comment");
    if (!details) return;
    details.open = true;
    details.querySelector("input").focus();
  }

  function similar() {
    const details = root.querySelector(".similar");
    if (!details) return;
    details.open = !details.open;
    details.querySelector("summary").focus({ preventScroll: true });
  }

  function focus() {
    const answer = typed();
    (answer ?? text())?.focus({ preventScroll: true });
    answer?.setSelectionRange(answer.value.length, answer.value.length);
    answer?.scrollIntoView({ block: "nearest" });
  }

  function ready() {
    const field = document.querySelector("#review .find");
    if (field) field.hidden = false;
    number();
    showDifference();
    nameKeys();
  }

  function leave(at) {
    if (at.id === "find-label") { at.value = ""; find(""); }
    document.getElementById("shortcuts").open = false;
    armed = true;
    text()?.focus({ preventScroll: true });
    nameKeys();
  }

  function inField(event) {
    const field = event.target;
    if (event.key !== "Enter") return;
    if (field.id === "find-label") {
      event.preventDefault();
      flip(shown()[0]);
      leave(field);
    } else if (field.name === "comment") {
      event.preventDefault();
      press("enter");
    }
  }

  function command(event) {
    const key = event.key.toLowerCase();
    if (key === "enter" && event.target.matches("a, button, summary")) return;
    const doing = { "/": () => document.getElementById("find-label")?.focus(), c: comment, g: similar }[key];
    const digit = KEYS.indexOf(key);
    if (!doing && digit < 0 && !["enter", "s", "x", "u", "l", "?"].includes(key)) return;
    event.preventDefault();
    if (doing) doing();
    else if (digit < 0) press(key);
    else flip(shown()[digit]);
  }

  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.isComposing) return;
    const at = event.target;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      press("enter");
    } else if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    } else if (event.key === "Escape") leave(at);
    else if (at.matches(FIELD)) inField(event);
    else if (commanding()) command(event);
    // Typed beside the box: it is meant for the box.
    else if (event.key.trim().length === 1 && (at === document.body || at === text())) focus();
  });

  document.addEventListener("pointerdown", () => { armed = false; nameKeys(); });
  document.addEventListener("focusin", (event) => { if (event.target.matches(FIELD)) armed = false; nameKeys(); });
  document.addEventListener("focusout", () => setTimeout(nameKeys));
  document.addEventListener("trouble", nameKeys);
  root.addEventListener("change", showDifference);
  root.addEventListener("input", (event) => (event.target.id === "find-label" ? find(event.target.value) : showDifference()));

  const begun = () => toggles().some((toggle) => box(toggle).checked) || [...root.querySelectorAll(FIELD)].some((field) => field.value);
  // A proposal that comes late is shown at once, unless the expert has begun to answer, if only while it was fetched.
  document.addEventListener("htmx:load", () => {
    const arrived = root.querySelector("[data-proposal-arrived]");
    if (arrived && !begun()) arrived.click();
  });
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const asked = detail.requestConfig.triggeringEvent?.isTrusted;
    if (detail.target === root && detail.requestConfig.verb === "get" && begun() && !asked) detail.shouldSwap = false;
  });

  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.target !== root) return;
    ready();
    const changed = sample() !== shownSample;
    shownSample = sample();
    if (!changed && root.contains(document.activeElement)) return;
    armed = false;
    if (changed) window.scrollTo({ top: 0 });
    focus();
  });

  shownSample = sample();
  ready();
  focus();
})();
