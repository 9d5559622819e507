// The token stands after # in the link, so no request and no log holds it. It goes into the form, and out of the address.
"use strict";

(() => {
  const field = document.querySelector("input[name=token]");
  const token = location.hash.slice(1);
  if (!field || !token) return;
  field.value = token;
  history.replaceState(null, "", location.pathname);
  document.querySelector("input[name=username], [data-first]")?.focus();
})();
