/* Ticks at the doors that survive a lost connection. Each tick has its own id, made here; it waits in this
   phone's storage until the server has taken it, and is sent again when the connection is back or the page is
   loaded anew. Sent twice it counts once: the server knows its id. Without this file the forms work by themselves. */
(() => {
  "use strict";
  const MINUTE = 60000;
  const area = document.querySelector("[data-round]");
  if (!area) return;
  const name = `jiefeng-round-${area.dataset.round}`;
  const store = (() => {
    try {
      localStorage.setItem(`${name}-try`, "1");
      localStorage.removeItem(`${name}-try`);
      return localStorage;
    } catch {
      return null; /* no storage here: leave the forms alone */
    }
  })();
  if (!store) return;
  const read = () => {
    try {
      const found = JSON.parse(store.getItem(name) || "[]");
      return Array.isArray(found) ? found : [];
    } catch {
      return [];
    }
  };
  const write = (queue) => (queue.length ? store.setItem(name, JSON.stringify(queue)) : store.removeItem(name));
  const forget = (id) => write(read().filter((tick) => tick.id !== id));
  const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

  const rowOf = (stop) => area.querySelector(`[data-stop="${Number(stop)}"]`);
  const bar = area.querySelector(".queue");
  const say = (row, words) => {
    const line = row && row.querySelector(".unsent"); // no "?." here: old phones read this
    if (!line) return;
    line.textContent = words;
    line.hidden = !words;
    row.classList.toggle("pending", Boolean(words));
  };
  const left = () => {
    const waiting = new Set(read().map((tick) => String(tick.stop)));
    const open = [...area.querySelectorAll("[data-stop]")].filter((row) => row.querySelector("[data-outcome]").dataset.outcome === "" && !waiting.has(row.dataset.stop));
    document.querySelectorAll("[data-left]").forEach((out) => { out.textContent = open.length; });
  };
  const draw = () => {
    const queue = read();
    bar.hidden = queue.length === 0;
    bar.querySelector("[data-queued]").textContent = queue.length;
    area.querySelectorAll(".pending").forEach((row) => say(row, ""));
    queue.forEach((tick) => say(rowOf(tick.stop), `${tick.label} · ${area.dataset.textWaiting}`));
    left();
  };
  const settle = (row, answer) => {
    if (!row) return;
    const badge = row.querySelector("[data-outcome]");
    badge.dataset.outcome = answer.outcome;
    badge.textContent = `${answer.label} ${answer.at}`.trim();
    badge.className = `badge ${answer.outcome === "delivered" ? "open" : "late"}`;
    row.classList.toggle("done", answer.final);
    const gone = answer.final ? "[data-tick]" : '[data-tick] [value="nobody"]';
    row.querySelectorAll(gone).forEach((each) => each.remove());
  };

  /* One at a time, in the order in which they were made. Whatever the server did not take stays here. */
  let sending = false;
  const send = async () => {
    if (sending) return;
    sending = true;
    try {
      for (let tick = read()[0]; tick; tick = read()[0]) {
        const form = new FormData();
        form.set("csrfmiddlewaretoken", (document.querySelector("[name=csrfmiddlewaretoken]") || {}).value || "");
        form.set("outcome", tick.outcome);
        form.set("tick_id", tick.id);
        form.set("seconds_ago", String(Math.max(0, Math.round((Date.now() - tick.made) / 1000))));
        const answer = await fetch(tick.address, { method: "POST", body: form, credentials: "same-origin", headers: { Accept: "application/json" } });
        const isJson = (answer.headers.get("Content-Type") || "").includes("json");
        if (answer.redirected || (answer.ok && !isJson) || answer.status === 403) {
          draw();
          say(rowOf(tick.stop), `${tick.label} · ${area.dataset.textLogin}`);
          return;
        }
        if (answer.ok) {
          forget(tick.id);
          settle(rowOf(tick.stop), await answer.json());
          draw();
        } else if (answer.status === 409 || answer.status === 404) {
          const words = isJson ? (await answer.json()).refused : String(answer.status);
          forget(tick.id);
          draw();
          say(rowOf(tick.stop), `${tick.label} · ${area.dataset.textRefused} ${words}`);
        } else {
          return; /* the server is in trouble: later */
        }
      }
    } catch {
      /* no connection: later */
    } finally {
      sending = false;
    }
  };

  area.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-tick]"), button = event.submitter;
    if (!form || !button || !button.value) return;
    event.preventDefault();
    const stop = form.closest("[data-stop]").dataset.stop;
    /* A second thought before it was sent takes the place of the first. */
    const queue = read().filter((tick) => tick.stop !== stop || sending);
    queue.push({ id: newId(), stop, outcome: button.value, label: button.textContent.trim(), address: new URL(form.action).pathname, made: Date.now() });
    write(queue);
    draw();
    send();
  });
  bar.querySelector("[data-send]").addEventListener("click", send);
  addEventListener("online", send);
  addEventListener("pageshow", () => { draw(); send(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) send(); });
  setInterval(() => { if (read().length) send(); }, MINUTE / 2);
  draw();
})();
