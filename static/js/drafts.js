// What was entered and not saved survives a reload, in this tab, until it is saved or its person logs out.
"use strict";

window.drafts = (() => {
  const root = document.getElementById("review");
  const FACTS = ["csrfmiddlewaretoken", "sample", "prediction", "lease", "shown", "none_ok"];
  let begin = "", name = "";

  const form = () => document.getElementById("review-form");
  const fields = () => [...root.querySelectorAll("[name]")].filter((field) => !FACTS.includes(field.name) && field.type !== "submit" && !field.closest("[data-tools]"));
  const isBox = (field) => ["checkbox", "radio"].includes(field.type);
  const said = (field) => (isBox(field) ? field.checked && field.value : field.value);
  // A row that says no is there, too.
  const state = () => JSON.stringify(fields().filter((field) => said(field) !== false || field.closest("[data-row]")).map((field) => [field.name, said(field)]));

  function keep() {
    if (!name) return;
    const now = state();
    if (now === begin) sessionStorage.removeItem(name);
    else sessionStorage.setItem(name, now);
  }

  function fill(kept) {
    const left = kept.slice();
    for (const field of fields()) {
      const at = left.findIndex(([each, value]) => each === field.name && (!isBox(field) || value === field.value));
      const [[, value] = []] = at < 0 ? [] : left.splice(at, 1);
      if (isBox(field) ? field.checked === at >= 0 : value === undefined || field.value === value) continue;
      if (isBox(field)) field.checked = at >= 0;
      else field.value = value;
      field.closest("details")?.setAttribute("open", "");
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }

  // Of the card that is shown now; `isNew` where it is another sample's: what was kept of the last one is done with.
  // So is what was chosen beside a proposal, where the text is to be answered blind by now.
  function ready(isNew) {
    const sample = form()?.elements.sample?.value, isBlind = form()?.hasAttribute("data-blind");
    const mine = sample ? `draft:${document.body.dataset.user}:${sample}${isBlind ? ":blind" : ""}` : "";
    const isOther = isNew || name !== mine;
    if (isOther && name && name !== mine) sessionStorage.removeItem(name);
    name = mine;
    // A refused answer comes back as it was entered: what there is to lose is still counted from the card's beginning.
    if (isOther) begin = state();
    const found = name && sessionStorage.getItem(name);
    if (!found || found === state()) return;
    const kept = JSON.parse(found);
    // Rows that a script had made or taken away are not only filled: that script makes them first.
    form().dispatchEvent(new CustomEvent("draft:filling", { bubbles: true, detail: kept }));
    fill(kept);
    const saved = document.getElementById("saved");
    if (!saved.textContent.trim()) saved.textContent = "What you had entered before is filled in again.";
  }

  // Whoever has the proposal filled in wants it in place of what they had begun.
  function drop() {
    if (name) sessionStorage.removeItem(name);
  }

  root.addEventListener("input", keep);
  root.addEventListener("change", keep);
  return { ready, drop };
})();
