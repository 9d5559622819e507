// A record's form: rows of lists, raw JSON beside the fields, what differs from the proposal. It works without any of it.
(() => {
  "use strict";
  const FIELD = "input, select, textarea";
  const record = () => document.querySelector("[data-record]");
  const own = (node) => node instanceof Element && node.closest("[data-record]");
  const pointed = (root) => [...root.querySelectorAll("[name^='/']")];
  const rows = (list) => [...list.querySelector("[data-rows]").children];
  const shown = (list) => rows(list).filter((row) => !row.hidden);
  const isBox = (field) => field.type === "checkbox";
  const value = (field) => (isBox(field) ? (field.checked ? field.value : "") : field.value.trim());

  // What the fields say, by place; a box of a record's own field says false where it is not checked.
  function said(root) {
    const found = new Map();
    for (const field of pointed(root)) {
      const plain = isBox(field) && field.value === "true" ? String(field.checked) : value(field);
      if (plain && !field.name.endsWith("/~there") && !field.closest("[data-row][hidden]")) found.set(field.name, plain);
    }
    return found;
  }

  const words = (at) => at.slice(1).split("/").map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~")).map((part) => (/^\d{1,4}$/.test(part) ? Number(part) + 1 : part)).join(" ");

  function tellChanges(root) {
    const before = new Map(Object.entries(JSON.parse(root.dataset.before || "{}"))), after = said(root), told = [];
    const raw = root.querySelector("[name=raw]"), was = root.querySelector("[name=raw_was]");
    if (raw.value.trim() !== was.value.trim()) told.push("The raw JSON was changed.");
    else for (const at of new Set([...before.keys(), ...after.keys()])) {
      if (before.get(at) === after.get(at)) continue;
      if (!after.has(at)) told.push(`${words(at)}: ${before.get(at)} taken away.`);
      else if (before.has(at)) told.push(`${words(at)}: ${before.get(at)} became ${after.get(at)}.`);
      else if (after.get(at) !== "false") told.push(`${words(at)}: ${after.get(at)} added.`);
    }
    root.dataset.changes = root.hasAttribute("data-proposed") ? told.slice(0, 12).join(" ") : "";
  }

  // The rows are numbered as they stand, and the buttons show while they can do something.
  function number(list) {
    const there = shown(list);
    there.forEach((row, at) => row.querySelectorAll("[data-number]").forEach((place) => {
      if (place.closest("[data-row]") === row) place.textContent = at + 1;
    }));
    rows(list).forEach((row) => { row.querySelector(":scope > [data-remove]").hidden = false; });
    const add = list.querySelector(":scope > [data-add]");
    add.hidden = false;
    add.disabled = there.length >= Number(list.dataset.most);
  }

  function ready(root) {
    if (!root || root.dataset.ready) return;
    root.dataset.ready = "yes";
    root.querySelectorAll("[data-spare]").forEach((row) => { row.hidden = pointed(row).every((field) => !value(field)); });
    root.querySelectorAll("[data-list]").forEach(number);
    tellChanges(root);
  }

  function add(list) {
    let row = rows(list).find((each) => each.hidden);
    if (row) row.hidden = false;
    else row = append(list, Math.max(-1, ...pointed(list).map((field) => placeIn(list, field.name)).filter(Number.isInteger)) + 1);
    number(list);
    row.querySelector(FIELD)?.focus();
  }

  // The number of the row that a field's name leads into; NaN where it is none of the list's.
  const placeIn = (list, name) => (name.startsWith(`${list.dataset.at}/`) ? Number.parseInt(name.slice(list.dataset.at.length + 1), 10) : NaN);

  function append(list, at) {
    const pattern = list.querySelector(":scope > template").innerHTML;
    const place = document.createElement("template");
    place.innerHTML = pattern.replaceAll(`~n${list.dataset.depth}`, String(at));
    const row = place.content.firstElementChild;
    list.querySelector("[data-rows]").append(row);
    row.querySelectorAll("[data-list]").forEach((inner) => {
      inner.querySelectorAll("[data-spare]").forEach((spare) => { spare.hidden = true; });
      number(inner);
    });
    return row;
  }

  // The rows that a draft had: what was added comes again, what was taken away goes.
  function restore(list, names) {
    const wanted = new Set(names.map((name) => placeIn(list, name)).filter(Number.isInteger));
    const there = new Map(rows(list).map((row) => [placeIn(list, pointed(row)[0]?.name ?? ""), row]));
    for (const [at, row] of there) if (Number.isInteger(at) && !wanted.has(at)) row.remove();
    for (const at of [...wanted].sort((a, b) => a - b)) if (!there.has(at)) append(list, at);
    number(list);
    lists(list).forEach((inner) => restore(inner, names));
  }

  // The lists in it that are in no other list.
  const lists = (root) => [...root.querySelectorAll("[data-list]")].filter((inner) => !inner.parentElement.closest("[data-list]") || inner.parentElement.closest("[data-list]") === root);

  function remove(row) {
    const list = row.closest("[data-list]"), at = shown(list).indexOf(row);
    row.remove();
    number(list);
    const next = shown(list)[Math.max(0, at - 1)];
    (next?.querySelector(FIELD) ?? list.querySelector(":scope > [data-add]")).focus();
  }

  document.addEventListener("click", (event) => {
    const root = own(event.target), button = event.target.closest?.("[data-add], [data-remove]");
    if (!root || !button) return;
    if (button.hasAttribute("data-add")) add(button.closest("[data-list]"));
    else remove(button.closest("[data-row]"));
    root.dispatchEvent(new Event("change", { bubbles: true }));
  });
  // Enter in a field would press the form's first button.
  document.addEventListener("keydown", (event) => {
    if (own(event.target) && event.key === "Enter" && event.target.matches("input, select") && !event.ctrlKey && !event.metaKey) event.preventDefault();
  });
  // Before the page's own listeners, which show what is told here.
  for (const kind of ["input", "change"]) document.addEventListener(kind, (event) => {
    const root = own(event.target);
    if (!root) return;
    event.target.closest?.("[data-row][hidden]")?.removeAttribute("hidden");
    tellChanges(root);
  }, true);
  document.addEventListener("draft:filling", ({ detail }) => {
    const root = record();
    if (!root) return;
    lists(root).forEach((list) => restore(list, detail.map(([name]) => name)));
    tellChanges(root);
  });
  document.addEventListener("htmx:afterSwap", () => ready(record()), true);
  ready(record());
})();
