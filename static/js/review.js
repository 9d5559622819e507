// Shortcuts, the difference to the proposal, focus. The page works without any of it.
(() => {
  "use strict";
  const root = document.getElementById("review");
  const bar = document.getElementById("bar");
  const sheet = document.getElementById("shortcuts");
  const why = document.getElementById("why");
  const FIELD = "textarea, select, input:not([type=checkbox], [type=radio], [type=hidden])";
  const CONTROL = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl";
  const SIMILAR = "similar-open";
  const keys = JSON.parse(document.getElementById("review-keys").textContent);
  const commands = Object.fromEntries(Object.entries(keys).filter(([, key]) => key).map(([name, key]) => [key, name]));
  const { toggles, shown, box, proposed, KEYS } = labels;
  // Where an answer is typed, letters are commands after Esc alone: a click beside the box must not arm them.
  let armed = false, shownSample = "";

  const form = () => document.getElementById("review-form");
  const text = () => document.getElementById("sample-text");
  const typed = () => root.querySelector("[data-typed]");
  const sample = () => form()?.elements.sample?.value ?? "";
  const commanding = () => !document.activeElement.matches(FIELD) && (armed || !typed());

  // What can be done names the key that works now.
  function nameKeys() {
    const at = document.activeElement, isCommanding = commanding();
    const enterSaves = at.name === "comment" || (isCommanding && !at.matches("a, button, summary"));
    for (const kbd of document.querySelectorAll("[data-command] kbd, [data-key] kbd")) {
      const { command, key } = kbd.parentElement.dataset;
      const sign = key ?? { keys: "?" }[command] ?? keys[command] ?? "";
      const name = command === "save" ? `${enterSaves ? "" : `${CONTROL} `}Enter` : `${isCommanding ? "" : "Esc "}${sign.toUpperCase()}`;
      if (kbd.textContent !== name) kbd.textContent = name;
      kbd.hidden = !sign && command !== "save";
    }
    root.classList.toggle("typing", !isCommanding);
  }

  // What differs from the proposal: a sentence, and where texts are typed the words themselves.
  function difference() {
    // Fields with a script of their own say it themselves.
    const own = root.querySelector("[data-changes]");
    if (own) return own.dataset.changes ? [own.dataset.changes] : [];
    const answer = typed();
    if (answer) {
      const before = answer.dataset.proposed, after = answer.value.trim();
      if (!before || after === before) return [];
      return ["The text differs from the proposal. ", ...(window.wordDifference(before, after) ?? [])];
    }
    if (!toggles().some(proposed) && !root.querySelector("[data-has-proposal]")) return [];
    const names = (list) => list.map((toggle) => box(toggle).value).join(", ");
    const added = toggles().filter((toggle) => box(toggle).checked && !proposed(toggle));
    const removed = toggles().filter((toggle) => !box(toggle).checked && proposed(toggle));
    const said = [added.length ? `Added: ${names(added)}.` : "", removed.length ? `Taken away: ${names(removed)}.` : ""];
    return said.filter(Boolean).length ? [said.filter(Boolean).join(" ")] : [];
  }

  function showDifference() {
    const changes = document.getElementById("changes");
    const label = document.querySelector("#save span");
    if (!changes || !label) return;
    const said = difference();
    const whole = said.map((part) => part.outerHTML ?? part).join("");
    if (changes.dataset.said !== whole) {
      changes.replaceChildren(...said);
      changes.dataset.said = whole;
    }
    label.dataset.start ??= label.textContent;
    label.textContent = said.length ? "Save correction" : label.dataset.start;
  }

  // A long text is folded, with a button that shows all of it.
  function fold() {
    const button = document.getElementById("unfold"), shownText = text();
    if (!button || !shownText) return;
    const isLong = shownText.scrollHeight > shownText.clientHeight + 8 || "open" in shownText.dataset;
    button.hidden = !isLong;
    // No class: htmx gives a part that it has just put in its classes back.
    shownText.toggleAttribute("data-long", isLong);
  }

  function unfold(button) {
    const isOpen = text().toggleAttribute("data-open");
    button.setAttribute("aria-expanded", isOpen);
    button.firstElementChild.textContent = isOpen ? "Fold it again" : "Show all of it";
  }

  // A click, not requestSubmit(): htmx learns only from clicks which button was meant.
  const press = (command) => document.querySelector(`[data-command="${command}"]:not([hidden])`)?.click();

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

  function showKeys() {
    for (const kbd of sheet.querySelectorAll("[data-key-of]")) kbd.textContent = keys[kbd.dataset.keyOf].toUpperCase() || "none";
    if (!sheet.open) sheet.showModal();
  }

  function focus() {
    const answer = typed();
    (answer ?? text())?.focus({ preventScroll: true });
    answer?.setSelectionRange?.(answer.value.length, answer.value.length);
    answer?.scrollIntoView({ block: "nearest" });
  }

  function ready(isNew) {
    labels.ready();
    fold();
    drafts.ready(isNew);
    panel.ready(isNew);
    const details = root.querySelector(".similar");
    if (details && isNew && sessionStorage.getItem(SIMILAR)) details.open = true;
    showDifference();
    nameKeys();
  }

  function leave(at) {
    const wasField = at.matches(FIELD);
    if (at.id === "find-label") { at.value = ""; labels.find(""); }
    if (why.matches(":popover-open")) why.hidePopover();
    armed = true;
    if (!wasField && panel.isOpen()) panel.close();
    else text()?.focus({ preventScroll: true });
    nameKeys();
  }

  function inField(event) {
    const field = event.target;
    if (event.key !== "Enter") return;
    if (field.id === "find-label") {
      event.preventDefault();
      if (!shown().length) return;
      labels.flip(shown()[0]);
      leave(field);
    } else if (field.name === "comment") {
      event.preventDefault();
      press("save");
    } else if (why.contains(field) && !field.matches("select")) {
      event.preventDefault();
      why.querySelector("[type=submit]").click();
    }
  }

  function command(event) {
    const key = event.key.toLowerCase();
    if (key === "enter" && event.target.matches("a, button, summary")) return;
    const digit = KEYS.indexOf(key);
    const named = { "/": "find", "?": "keys", enter: "save" }[key] ?? commands[key];
    const link = key === "l" && document.querySelector("[data-key=l]");
    if (!named && digit < 0 && !link) return;
    event.preventDefault();
    const doing = { find: () => document.getElementById("find-label")?.focus(), keys: showKeys, comment, similar }[named];
    if (doing) doing();
    else if (named) press(named);
    else if (link) link.click();
    else labels.flip(shown()[digit]);
  }

  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.isComposing || sheet.open) return;
    const at = event.target;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      press("save");
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
  document.addEventListener("click", (event) => {
    const button = event.target.closest("#unfold, [data-command=keys]");
    if (button?.id === "unfold") unfold(button);
    else if (button) { event.preventDefault(); showKeys(); }
  });
  root.addEventListener("change", showDifference);
  root.addEventListener("input", (event) => (event.target.id === "find-label" ? labels.find(event.target.value) : showDifference()));
  // Whoever likes to see how others decided sees it beside the next text, too. `toggle` does not bubble.
  root.addEventListener("toggle", ({ target }) => {
    if (!target.matches(".similar") || !target.isConnected) return;
    fold();
    if (target.open) sessionStorage.setItem(SIMILAR, "1");
    else sessionStorage.removeItem(SIMILAR);
  }, true);

  const begun = () => toggles().some((toggle) => box(toggle).checked) || [...root.querySelectorAll(FIELD)].some((field) => field.value);
  // A proposal that comes late is shown at once, unless the expert has begun to answer, if only while it was fetched.
  document.addEventListener("htmx:load", () => {
    nameKeys();
    const arrived = root.querySelector("[data-proposal-arrived]");
    if (arrived && !begun()) arrived.click();
  });
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const takes = detail.requestConfig.elt?.matches("[data-command=take]");
    const asked = detail.requestConfig.triggeringEvent?.isTrusted || takes;
    if (detail.target === root && detail.requestConfig.verb === "get" && begun() && !asked) detail.shouldSwap = false;
    if (detail.target === root && takes && detail.shouldSwap) drafts.drop();
  });

  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.target !== root) return;
    const isNew = sample() !== shownSample;
    shownSample = sample();
    ready(isNew);
    if (!isNew && root.contains(document.activeElement)) return;
    armed = false;
    if (isNew) {
      window.scrollTo({ top: 0 });
      if (why.matches(":popover-open")) why.hidePopover();
      for (const field of why.querySelectorAll("select, textarea, input")) field.value = "";
    }
    focus();
  });

  // A panel beside it makes the text longer.
  new ResizeObserver(fold).observe(root);
  why.querySelector(".ask").hidden = false;
  shownSample = sample();
  ready(true);
  focus();
})();
