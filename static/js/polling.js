// Parts of a page that are asked for again and again: only what differs is changed, and what a person does there stays.
"use strict";

(() => {
  const FIELD = "input:not([type=hidden]), select, textarea";
  const isField = (node) => node instanceof Element && node.matches(FIELD);
  const fieldsOf = (node) => (node instanceof Element ? [node, ...node.querySelectorAll(FIELD)].filter(isField) : []);

  function begun(field) {
    if (field === document.activeElement) return true;
    if (field.matches("select")) return [...field.options].some((option) => option.selected !== option.defaultSelected);
    return field.matches("[type=checkbox], [type=radio]") ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
  }

  Object.assign(Idiomorph.defaults.callbacks, {
    // A field belongs to who fills it in, and so does the form around it: half of it must not become another form.
    beforeNodeMorphed: (node) => !isField(node) && !(node instanceof HTMLFormElement && fieldsOf(node).some(begun)),
    beforeNodeRemoved: (node) => !fieldsOf(node).some(begun),
    beforeAttributeUpdated: (name, node) => !(name === "open" && node.matches("details")),
  });

  // Nobody reads a page in the background: it asks again when it is looked at.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.detail.elt.matches("[hx-trigger^=every]")) event.preventDefault();
  });
})();
