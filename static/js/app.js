/* Small improvements; every page works without this file. Nothing here decides anything: the server does. */
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  const text = (name) => document.body.dataset["text" + name] || "";
  const on = (type, selector, act) => document.addEventListener(type, (event) => {
    const found = event.target.closest && event.target.closest(selector); // no "?." here: old phones read this
    if (found) act(found, event);
  });

  /* Toasts go by themselves, an error stays; reading one (pointer or focus on it) keeps it. */
  const fade = (toast) => {
    if (toast.dataset.timed || toast.classList.contains("error")) return;
    toast.dataset.timed = "1";
    const again = () => setTimeout(() => (toast.matches(":hover, :focus-within") ? again() : toast.remove()), toast.querySelector("form") ? 12000 : 6000);
    again();
  };
  const fadeAll = () => document.querySelectorAll(".toast").forEach(fade);
  const say = (words) => {
    const toast = document.createElement("div");
    toast.className = "toast";
    toast.textContent = words;
    const toasts = document.getElementById("toasts");
    if (toasts) toasts.append(toast);
    fade(toast);
  };

  /* Tick all, and say how many are ticked. */
  const boxes = (area) => [...area.querySelectorAll(".tickbox input:not([data-check-all])")];
  const recount = (area) => {
    const all = boxes(area), ticked = all.filter((box) => box.checked).length;
    area.querySelectorAll("[data-ticked]").forEach((out) => { out.textContent = ticked; });
    area.querySelectorAll("[data-check-all]").forEach((box) => {
      box.checked = ticked > 0 && ticked === all.length;
      box.indeterminate = ticked > 0 && ticked < all.length;
    });
  };
  on("change", ".tickbox input", (box) => {
    const area = box.closest(".card, form") || document;
    if ("checkAll" in box.dataset) boxes(area).forEach((one) => { one.checked = box.checked; });
    recount(area);
  });
  on("click", "[data-untick]", (button) => {
    const area = button.closest(".card, form");
    boxes(area).forEach((one) => { one.checked = false; });
    recount(area);
  });

  /* Copy: the text of the element that data-copy names. Without a secure context through a selection. */
  on("click", "[data-copy]", async (button) => {
    const source = document.querySelector(button.dataset.copy);
    const words = "value" in source ? source.value : source.textContent;
    try {
      await navigator.clipboard.writeText(words);
    } catch {
      const area = Object.assign(document.createElement("textarea"), { value: words, className: "vh" });
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      button.focus();
    }
    say(text("Copied"));
  });
  on("click", "[data-print]", () => window.print());

  /* Dialogs: data-dialog="#id" opens one of the page; a clause opens its text from the page of clauses. */
  const shared = () => document.getElementById("dialog");
  on("click", "[data-dialog]", (opener, event) => {
    const dialog = document.querySelector(opener.dataset.dialog);
    if (!dialog || !dialog.showModal) return;
    event.preventDefault();
    dialog.showModal();
  });
  on("click", "[data-close]", (button) => { const dialog = button.closest("dialog"); if (dialog) dialog.close(); });
  on("click", "dialog", (dialog, event) => { if (event.target === dialog) dialog.close(); });
  const fill = (dialog, title, body) => {
    const head = document.createElement("header"), heading = document.createElement("h2"), close = document.createElement("button");
    heading.textContent = title;
    Object.assign(close, { className: "btn quiet", type: "button", textContent: text("Close") });
    close.dataset.close = "";
    head.append(heading, close);
    const box = document.createElement("div");
    box.className = "body";
    box.append(body);
    dialog.replaceChildren(head, box);
  };
  on("click", "a[data-clause]", async (link, event) => {
    const dialog = shared();
    if (!dialog || !dialog.showModal || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    try {
      const answer = await fetch(link.dataset.clause, { credentials: "same-origin", headers: { "HX-Request": "true" } });
      if (!answer.ok) throw new Error(answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const body = document.createElement("div");
      body.append(...(page.querySelector("main") || page.body).childNodes);
      fill(dialog, `〔${link.textContent}〕`, body);
      if (!dialog.open) dialog.showModal();
    } catch {
      location.assign(link.href);
    }
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target === shared() && !event.target.open) event.target.showModal();
  });

  /* A plain form is sent once: a second tap on a slow network is not a second registration. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, 4000);
  });
  addEventListener("pageshow", () => document.querySelectorAll("[data-sent]").forEach((form) => delete form.dataset.sent));

  /* htmx: a save that failed says so beside its row and offers to try again; what was typed stays. */
  const failed = (event, words) => {
    const elt = event.detail.elt, row = elt.closest("li, tr") || elt.closest("form, .card") || elt;
    const asked = event.detail.requestConfig, by = asked && asked.triggeringEvent, submitter = by && by.submitter;
    const host = row.tagName === "TR" ? row.lastElementChild : row;
    host.querySelectorAll(":scope > .fail").forEach((old) => old.remove());
    const line = document.createElement("div"), again = document.createElement("button");
    line.className = "fail";
    line.setAttribute("role", "alert");
    line.textContent = words;
    Object.assign(again, { type: "button", className: "btn sm", textContent: text("Retry") });
    again.addEventListener("click", () => {
      line.remove();
      if (submitter && submitter.isConnected) submitter.click(); // htmx learns from the click which button it was
      else if (elt.tagName === "FORM") elt.requestSubmit();
      else if (elt.matches("input, select, textarea")) elt.dispatchEvent(new Event("change", { bubbles: true }));
      else elt.click();
    });
    line.append(again);
    host.append(line);
  };
  document.addEventListener("htmx:sendError", (event) => failed(event, text("Offline")));
  document.addEventListener("htmx:timeout", (event) => failed(event, text("Offline")));
  document.addEventListener("htmx:responseError", (event) => failed(event, [401, 403].includes(event.detail.xhr.status) ? text("Forbidden") : text("Failed")));
  /* A whole page where a fragment was expected (login after the session ended, a redirect): go there. */
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, boosted, target } = event.detail;
    if (boosted || target === document.body || !/^\s*<!doctype/i.test(xhr.responseText)) return;
    event.detail.shouldSwap = false;
    event.detail.isError = false;
    location.assign(xhr.responseURL);
  });
  document.addEventListener("htmx:load", fadeAll);
  document.addEventListener("htmx:afterSettle", (event) => { fadeAll(); const area = event.target.closest && event.target.closest(".card, form"); if (area) recount(area); });

  /* Menus made of <details> close on Escape and on a click beside them. */
  const menus = ".menu[open], .more-menu[open]";
  document.addEventListener("click", (event) => document.querySelectorAll(menus).forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; }));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    document.querySelectorAll(menus).forEach((menu) => { menu.open = false; menu.querySelector("summary").focus(); });
  });

  const start = () => {
    /* On a phone the filters fold away, unless one of them is in use. */
    if (matchMedia("(max-width: 44rem)").matches) document.querySelectorAll("[data-fold-narrow='']").forEach((part) => { part.open = false; });
    document.querySelectorAll("[data-print], [data-copy]").forEach((button) => { button.hidden = false; });
    document.querySelectorAll(".card").forEach(recount);
    /* On a phone the chosen tab may lie beyond the edge. */
    document.querySelectorAll(".tabs [aria-current]").forEach((tab) => { const row = tab.parentElement; row.scrollLeft += tab.getBoundingClientRect().right - row.getBoundingClientRect().right + 24; });
    fadeAll();
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
