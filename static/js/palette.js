// Ctrl K (on a Mac, Command K): the pages that stand in the navigation, to be chosen from by a few letters.
"use strict";

(() => {
  const links = () => [...document.querySelectorAll(".projectnav a, .topnav a")];
  if (!window.HTMLDialogElement || !links().length) return;
  let dialog, input, list;

  const make = (name, attributes, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };

  const groupOf = link => link.closest(".projectnav-group")?.querySelector(".projectnav-title")?.textContent || "";

  const fill = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const titleOf = link => link.textContent.trim().toLowerCase();
    const found = links().filter(link => {
      const said = `${groupOf(link).toLowerCase()} ${titleOf(link)}`;
      return words.every(word => said.includes(word));
    });
    // What begins with the letters stands before what holds them, and that before what stands in a group of that name.
    const rank = link => (titleOf(link).startsWith(words[0] || "") ? 0 : words.every(word => titleOf(link).includes(word)) ? 1 : 2);
    found.sort((one, other) => rank(one) - rank(other));
    list.replaceChildren(...found.map((link, number) => {
      const option = make("a", { href: link.href, role: "option", id: `palette-${number}`, tabindex: "-1" });
      option.append(link.textContent.trim(), " ", make("span", { class: "muted small" }, groupOf(link)));
      return option;
    }));
    if (!found.length) list.append(make("p", { class: "muted" }, "No page of this name is open to you."));
    choose(0);
  };

  const options = () => [...list.querySelectorAll("a")];
  const chosen = () => options().findIndex(option => option.getAttribute("aria-selected") === "true");
  const choose = number => {
    const all = options();
    all.forEach((option, each) => option.setAttribute("aria-selected", String(each === number)));
    input.setAttribute("aria-activedescendant", all[number]?.id || "");
    all[number]?.scrollIntoView({ block: "nearest" });
  };

  const keys = event => {
    const count = options().length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (count) choose((chosen() + (event.key === "ArrowDown" ? 1 : count - 1)) % count);
    } else if (event.key === "Enter") {
      event.preventDefault();
      options()[chosen()]?.click();
    }
    // The pages have keys of their own, which mean nothing while one types here.
    event.stopPropagation();
  };

  const open = () => {
    if (!dialog) {
      list = make("div", { id: "palette-list", role: "listbox", "aria-label": "Pages" });
      input = make("input", {
        type: "search", role: "combobox", "aria-expanded": "true", "aria-controls": "palette-list",
        "aria-label": "Go to a page", placeholder: "Go to a page", autocomplete: "off", spellcheck: "false",
      });
      dialog = make("dialog", { class: "palette", "aria-label": "Pages" }, input, list);
      input.addEventListener("input", fill);
      dialog.addEventListener("keydown", keys);
      dialog.addEventListener("click", event => { if (event.target === dialog) dialog.close(); });
      document.body.append(dialog);
    }
    input.value = "";
    dialog.showModal();
    fill();
  };

  document.addEventListener("keydown", event => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    if (dialog?.open) dialog.close();
    else open();
  });
})();
