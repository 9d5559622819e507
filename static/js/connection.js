// What a request met in place of its answer: told apart, while all that was entered stays where it is.
"use strict";

(() => {
  const { user, session, back } = document.body.dataset;
  const place = () => document.getElementById("trouble");
  const KEPT = "What you entered is still here";
  const PATIENCE = 15e3;
  // `lost`: nobody, or somebody else, is logged in now. `unsaved`: what is said is about something that was not saved.
  let lost = false, unsaved = false;

  function say(sentence, { help, good = false } = {}) {
    const parts = [sentence, ...(help ? [" ", help] : [])].filter(Boolean);
    place().classList.toggle("notice-bad", !good);
    place().classList.toggle("notice-ok", good);
    // The same once more is not read aloud again.
    if (place().textContent !== parts.map((part) => part.textContent ?? part).join("")) place().replaceChildren(...parts);
    document.dispatchEvent(new Event("trouble"));
  }

  function logInLink() {
    const link = Object.assign(document.createElement("a"), { href: back, target: "_blank", textContent: "Log in in a new tab" });
    link.dataset.key = "l";
    link.append(" ", document.createElement("kbd"));
    return link;
  }

  // Failed: what did not happen, as a sentence's beginning.
  function fail(failed, why, kept = "", help = null) {
    document.getElementById("saved")?.replaceChildren();
    say(`${failed}: ${why}.${kept && ` ${kept}`}`, { help });
  }

  function failLost(failed, kept) {
    lost = true;
    fail(failed, "you are logged out", kept, logInLink());
  }

  const failOther = (failed, now) => {
    lost = true;
    fail(failed, `${now} is logged in now, and this page is ${user}'s. Copy what you need and reload it`);
  };

  // Who is logged in now: "same" (the forms then carry a token that holds), "lost", another's name, or "unknown".
  async function look() {
    const answer = await fetch(session, { headers: { Accept: "application/json" }, cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    if (answer.status === 401) return { state: "lost" };
    if (!answer.ok) return { state: "unknown" };
    const { user: now, token } = await answer.json();
    if (now !== user) return { state: "other", now };
    document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": token }));
    document.querySelectorAll("input[name=csrfmiddlewaretoken]").forEach((input) => { input.value = token; });
    lost = false;
    return { state: "same" };
  }

  const silence = () => (navigator.onLine ? "the server does not answer" : "you are offline");

  function reason(request) {
    const header = (name) => request.getResponseHeader(name);
    const told = header("Content-Type")?.startsWith("text/plain") ? request.responseText.replace(/\.$/, "") : "";
    if (request.status === 403) return told || "your role does not allow it";
    if (request.status === 404) return "this is no longer there, or no longer open to you";
    if (request.status === 413) return "it is too large for the server";
    if (request.status < 500) return `the server refused it (HTTP ${request.status})`;
    const wait = header("Retry-After") ? `; try again in ${header("Retry-After")} seconds` : "";
    const name = header("X-Request-ID") ? `, request ${header("X-Request-ID")}` : "";
    return request.status === 503 ? `the server is not ready${wait}` : `the server had an error (HTTP ${request.status}${name})`;
  }

  async function failToken(failed, kept) {
    const { state, now } = await look().catch(() => ({ state: "unknown" }));
    if (state === "lost") failLost(failed, kept);
    else if (state === "other") failOther(failed, now);
    else if (state === "unknown") fail(failed, silence(), kept);
    else fail(failed, "somebody logged in or out in another tab since this page was opened. It is up to date now", kept);
  }

  // An answer that met silence is sent again by itself, until its person does something. The server knows one that it has.
  const SOON = 3e3, LATE = 6e4;
  let again = 0, pause = SOON;
  function sendAgain({ xhr, requestConfig }) {
    clearTimeout(again);
    const button = requestConfig.triggeringEvent?.submitter;
    if (xhr.status || !button?.matches("[data-command=save]")) return false;
    again = setTimeout(() => button.isConnected && button.click(), pause);
    pause = Math.min(2 * pause, LATE);
    return true;
  }
  for (const name of ["keydown", "pointerdown", "input"]) document.addEventListener(name, () => { clearTimeout(again); pause = SOON; }, true);

  function onFailure({ detail }) {
    const writes = detail.requestConfig.verb !== "get";
    const failed = writes ? (detail.elt.dataset.failed ?? "Not saved") : "Not up to date";
    if (unsaved && !writes) return;
    unsaved = writes;
    const isSent = writes && sendAgain(detail);
    const kept = writes ? `${KEPT}: ${isSent ? "it is sent again by itself, or save it once more" : "try again"}.` : "";
    const request = detail.xhr;
    if (request.status === 401) failLost(failed, writes ? `${KEPT}.` : "");
    else if (request.status === 403 && request.getResponseHeader("X-Problem") === "csrf") failToken(failed, kept);
    else fail(failed, request.status ? reason(request) : silence(), kept);
  }

  for (const name of ["responseError", "sendError", "timeout"]) document.addEventListener(`htmx:${name}`, onFailure);

  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    // A refusal that is a part of the page, with the answer still in its form.
    if (detail.xhr.getResponseHeader("X-Page-Part")) Object.assign(detail, { shouldSwap: true, isError: false });
    if (detail.isError || (unsaved && detail.requestConfig.verb === "get")) return;
    unsaved = false;
    say("");
  });

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (lost && event.detail.elt.matches("[hx-trigger^=every]")) event.preventDefault();
  });

  // A form that loads a page would take the log-in page, or none, for its answer: asked first, what it holds is not lost.
  const asking = new WeakSet(), asked = new WeakSet();
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.getAttribute("method") !== "post" || asked.has(form) || form.matches("[hx-post], [data-unguarded]")) return;
    event.preventDefault();
    if (asking.has(form)) return;
    asking.add(form);
    const { state, now } = await look().catch(() => ({ state: "silent" }));
    asking.delete(form);
    unsaved = true;
    if (state === "lost") return failLost("Not sent", `${KEPT}.`);
    if (state === "other") return failOther("Not sent", now);
    if (state === "silent") return fail("Not sent", silence(), `${KEPT}: try again.`);
    asked.add(form);
    form.requestSubmit(event.submitter);
    asked.delete(form);
  });

  // What was entered and not saved (`drafts.js`) is nobody else's.
  document.querySelector("form[data-unguarded][action*=logout]")?.addEventListener("submit", () => sessionStorage.clear());

  // Somebody logged in beside this page: it goes on where it was.
  async function takeUp() {
    if (!lost) return;
    const { state, now } = await look().catch(() => ({ state: "unknown" }));
    if (state === "other") return failOther("Not saved", now);
    if (state !== "same") return;
    say(unsaved ? `You are logged in again. ${KEPT}: save it once more.` : "You are logged in again.", { good: true });
  }
  new BroadcastChannel("session").onmessage = takeUp;
  window.addEventListener("focus", takeUp);
  document.addEventListener("visibilitychange", takeUp);
})();
