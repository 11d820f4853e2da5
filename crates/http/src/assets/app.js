// What the pages do beyond links and forms. Everything here can be missing.
"use strict";

// A filter applies as soon as it is chosen; its button stays for those without script.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-live]");
  if (form) form.requestSubmit();
});

// Empty fields leave no trace in the address.
document.addEventListener("formdata", (event) => {
  if (event.target.method !== "get") return;
  for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
});

// On a phone the rail is longer than the screen is wide: where one is comes into view.
document.querySelector(".rail [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// Keys, unless somebody is writing or has switched them off.
const PLACES = { o: "/overview", c: "/conversations", q: "/queue", w: "/workload", p: "/practice-areas", x: "/conflicts", a: "/audit", d: "/data-access" };
const shown = (path) => path && document.querySelector(`.rail a[href="${path}"]`);
let going = false;
const writing = (target) => target.closest("input, textarea, select, [contenteditable]");
const rows = () => [...document.querySelectorAll("tbody tr:has(> th a)")];
const select = (step) => {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((row) => row.getAttribute("aria-selected") === "true");
  const next = Math.min(Math.max(at + step, 0), all.length - 1);
  all.forEach((row, index) => (index === next ? row.setAttribute("aria-selected", "true") : row.removeAttribute("aria-selected")));
  all[next].scrollIntoView({ block: "nearest" });
};
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && event.target.form) return event.target.form.requestSubmit();
  if (event.key === "Escape" && writing(event.target)) return event.target.blur();
  if (event.ctrlKey || event.metaKey || event.altKey || writing(event.target)) return;
  const to = (path) => ((location.href = path), event.preventDefault());
  if (going && shown(PLACES[event.key])) return to(PLACES[event.key]);
  going = event.key === "g";
  const link = (selector) => document.querySelector(selector)?.click();
  if (event.key === "/") (document.querySelector("input[type=search]")?.focus(), event.preventDefault());
  else if (event.key === "j") select(1);
  else if (event.key === "k") select(-1);
  else if (event.key === "Enter" && event.target === document.body) {
    const row = document.querySelector("tr[aria-selected=true]");
    if (row) to(row.querySelector("th a").href);
  } else if (event.key === "[") history.back();
  else if (event.key === "]") link("a[rel=next]");
  else if (event.key === "t") link("form[action='/theme'] button");
});

// A conversation's page follows what happens in it: where its events arrive, the parts of the page are asked for anew.
const live = document.querySelector("[data-stream]");
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const refresh = async () => {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(answer.status);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-part]")) {
    const other = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
    if (other && other.innerHTML !== part.innerHTML && !part.contains(document.activeElement)) part.replaceWith(other);
  }
  document.getElementById("live").textContent = "The conversation has moved on.";
};
const follow = async () => {
  for (let first = true; ; first = false) {
    try {
      const answer = await fetch(live.dataset.stream);
      if (!answer.ok) throw new Error(answer.status);
      if (!first) await refresh();
      live.textContent = "Live";
      live.classList.remove("wait");
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        if (/^id:/m.test(value)) await refresh();
      }
    } catch {
      live.textContent = "Offline: trying again";
      live.classList.add("wait");
      await pause(2000);
    }
  }
};
if (live) follow();
