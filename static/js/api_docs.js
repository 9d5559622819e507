// Finds operations as one types; without it all are listed, and the browser's own search finds them.
const search = document.querySelector("[data-search]");
const operations = [...document.querySelectorAll("[data-operation]")];
const count = search.querySelector("[data-count]");
const field = search.querySelector("input");

function find() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const each of operations) {
    const text = each.dataset.operation.toLowerCase();
    each.hidden = !words.every((word) => text.includes(word));
  }
  for (const group of document.querySelectorAll("[data-group]")) {
    group.hidden = !group.querySelector("[data-operation]:not([hidden])");
    document.querySelector(`.api-nouns [href="#${group.getAttribute("aria-labelledby")}"]`).hidden = group.hidden;
  }
  const shown = operations.filter((each) => !each.hidden).length;
  count.textContent = words.length ? `${shown} of ${operations.length} operations` : `${operations.length} operations`;
}

function open() {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
}

search.hidden = false;
field.addEventListener("input", find);
window.addEventListener("hashchange", open);
find();
open();
