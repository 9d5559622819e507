// Shortcuts, the difference to the proposal, focus. The page works without any of it.
(() => {
  "use strict";
  const root = document.getElementById("review");
  const trouble = document.getElementById("trouble");
  const KEYS = "1234567890";

  const form = () => document.getElementById("review-form");
  const toggles = () => [...root.querySelectorAll(".toggle")];
  const shown = () => toggles().filter((toggle) => !toggle.hidden);
  const box = (toggle) => toggle.querySelector("input");
  const proposed = (toggle) => toggle.hasAttribute("data-proposed");

  // The first ten labels that are shown carry the number keys.
  function number() {
    toggles().forEach((toggle) => { toggle.querySelector("kbd").textContent = ""; });
    shown().slice(0, KEYS.length).forEach((toggle, i) => { toggle.querySelector("kbd").textContent = KEYS[i]; });
  }

  function difference() {
    const text = document.getElementById("answer");
    if (text) return text.dataset.proposed && text.value.trim() !== text.dataset.proposed ? "The text differs from the proposal." : "";
    if (!toggles().some(proposed) && !root.querySelector("[data-has-proposal]")) return "";
    const names = (list) => list.map((toggle) => box(toggle).value).join(", ");
    const added = toggles().filter((toggle) => box(toggle).checked && !proposed(toggle));
    const removed = toggles().filter((toggle) => !box(toggle).checked && proposed(toggle));
    return [added.length ? `Added: ${names(added)}.` : "", removed.length ? `Taken away: ${names(removed)}.` : ""].filter(Boolean).join(" ");
  }

  function showDifference() {
    const changes = document.getElementById("changes");
    if (!changes) return;
    const said = difference();
    if (changes.textContent !== said) changes.textContent = said;
    const label = document.querySelector("#save span");
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

  function press(action) {
    // A click, not requestSubmit(): htmx learns only from clicks which button was meant.
    form()?.querySelector(`button[value="${action}"]`)?.click();
  }

  function ready() {
    const field = document.querySelector("#review .find");
    if (field) field.hidden = false;
    number();
    showDifference();
    document.getElementById("sample-text")?.focus({ preventScroll: true });
  }

  function inField(event) {
    const field = event.target;
    if (event.key === "Escape") {
      if (field.id === "find-label") { field.value = ""; find(""); }
      field.blur();
    } else if (event.key === "Enter" && field.id === "find-label") {
      event.preventDefault();
      flip(shown()[0]);
      field.value = "";
      find("");
      document.getElementById("sample-text").focus({ preventScroll: true });
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      press("save");
    } else if (event.key === "Enter" && field.name === "comment") {
      event.preventDefault();
      press("save");
    }
  }

  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.isComposing) return;
    if (event.target.matches("textarea, select, input:not([type=checkbox], [type=radio])")) return inField(event);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key === "enter" && event.target.matches("a, button, summary")) return;
    const doing = {
      enter: () => press("save"), s: () => press("skip"), x: () => press("reject"), u: () => press("undo"),
      "/": () => document.getElementById("find-label")?.focus(),
      "?": () => { const help = document.getElementById("shortcuts"); help.open = !help.open; if (help.open) help.scrollIntoView({ block: "nearest" }); },
    }[key];
    if (!doing && !KEYS.includes(key)) return;
    event.preventDefault();
    doing ? doing() : flip(shown()[KEYS.indexOf(key)]);
  });

  root.addEventListener("change", showDifference);
  root.addEventListener("input", (event) => (event.target.id === "find-label" ? find(event.target.value) : showDifference()));
  document.body.addEventListener("htmx:afterSwap", (event) => { if (event.detail.target === root) { trouble.hidden = true; ready(); } });
  // A proposal that comes late is shown at once, unless the expert has begun to answer.
  document.body.addEventListener("htmx:load", () => {
    const arrived = root.querySelector("[data-proposal-arrived]");
    const begun = toggles().some((toggle) => box(toggle).checked) || document.getElementById("answer")?.value;
    if (arrived && !begun) arrived.click();
  });
  const fail = (said) => () => { trouble.textContent = said; trouble.hidden = false; };
  document.body.addEventListener("htmx:sendError", fail("Not saved: the server does not answer. Your answer is still in the form; try again."));
  document.body.addEventListener("htmx:responseError", fail("Not saved: the server had an error. Your answer is still in the form; try again, or reload the page."));
  ready();
})();
