// What the pages do beyond links and forms.
"use strict";

const $ = (selector, within = document) => within.querySelector(selector);
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
const on = (type, run) => document.addEventListener(type, run);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const say = (text) => ($("#live").textContent = text);
const make = (tag, fields, ...inside) => {
	const made = Object.assign(document.createElement(tag), fields);
	made.append(...inside);
	return made;
};
const button = (text, onclick, fields) => make("button", { type: "button", onclick, ...fields }, text);
const read = async (url) => {
	const answer = await fetch(url, { headers: { Accept: "text/html" } });
	if (!answer.ok || answer.redirected) throw Object.assign(new Error(answer.status), { answer });
	return new DOMParser().parseFromString(await answer.text(), "text/html");
};

// A page of the same path replaces this one without a new document.
const swap = async (url, push) => {
	const main = $("#main");
	const slow = setTimeout(() => main.setAttribute("aria-busy", "true"), 150);
	const focus = document.activeElement;
	const href = focus.getAttribute("href");
	const again = href ? `a[href="${CSS.escape(href)}"]` : focus.name && focus.type !== "submit" ? `[name="${focus.name}"]` : "#main";
	try {
		const fresh = await read(url);
		$(".frame > div").replaceWith($(".frame > div", fresh));
		document.title = fresh.title;
		if (push) history.pushState(null, "", url);
		($(again) ?? $("#main")).focus();
		$(again) ?? scrollTo(0, 0);
		say($("caption")?.textContent ?? document.title);
		begin();
	} catch (error) {
		if (error.answer) return (location.href = url);
		$("#offline")?.remove();
		const text = "The server cannot be reached. ";
		main.prepend(make("div", { id: "offline", className: "notice alert" }, text, button("Try again", () => swap(url, push))));
		say(text);
	} finally {
		clearTimeout(slow);
		main.removeAttribute("aria-busy");
	}
};
const here = (url) => $(".frame") && url.origin === location.origin && url.pathname === location.pathname;
onpopstate = () => location.hash || swap(location.href);
on("click", (event) => {
	for (const open of $$("details.menu[open]")) if (!open.contains(event.target)) open.open = false;
	const link = event.target.closest("a[href]");
	const own = link && !link.hash && !event.ctrlKey && !event.metaKey && !event.shiftKey;
	if (own && here(new URL(link.href))) (event.preventDefault(), swap(link.href, true));
});
on("submit", (event) => {
	const form = event.target;
	const [run, id] = form.dataset.watch?.split("#") ?? [];
	poll($("#" + id), run);
	const url = new URL(form.attributes.action.value, location);
	if (form.method !== "get" || !here(url)) return;
	event.preventDefault();
	url.search = new URLSearchParams(new FormData(form, event.submitter));
	swap(url.href, true);
});

// A filter applies as soon as it is chosen. Empty fields leave no trace in the address.
on("change", ({ target }) => {
	target.closest("form[data-live]")?.requestSubmit();
	if (target.matches("[data-all]")) for (const box of $$("[name=row]")) box.checked = target.checked;
	if (target.matches("[data-all], [name=row]")) $("[data-count]").textContent = `With the ${$$("[name=row]:checked").length} ticked:`;
});
on("formdata", (event) => {
	if (event.target.method !== "get") return;
	for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
});

// Changed rows are marked where they stand; nothing moves under a reader.
const version = (row) => $("[name=row]", row).value;
const watch = async (table) => {
	const rows = (root) => new Map($$("[data-rows] tbody tr", root).map((row) => [$("th a", row).href, row]));
	const known = new Map([...rows(document)].map(([name, row]) => [name, version(row)]));
	while ((await pause(5000), table.isConnected)) {
		if (document.hidden) continue;
		try {
			const fresh = await read(location.href.replace(/preview=\w+/, ""));
			const now = rows(fresh);
			$(".chip").replaceWith($(".chip", fresh));
			const shown = rows(document);
			const moved = new Set([...known.keys()].filter((name) => !now.has(name)));
			for (const [name, row] of now) if (known.get(name) !== version(row)) (moved.add(name), shown.get(name)?.classList.add("changed"));
			$("#updates")?.remove();
			if (!moved.size || !table.isConnected) continue;
			const text = `${moved.size} update${moved.size > 1 ? "s" : ""}: refresh`;
			table.parentElement.before(button(text, () => swap(location.href), { id: "updates", className: "chip wait" }));
			say(text);
		} catch {
			$(".chip").textContent = "Offline";
		}
	}
};

// Where an event arrives, the parts of the page are asked for anew.
const refresh = async () => {
	const fresh = await read(location.href);
	for (const part of $$("[data-part]")) {
		const other = $(`[data-part="${part.dataset.part}"]`, fresh);
		if (other && other.innerHTML !== part.innerHTML && !part.contains(document.activeElement) && !$("details[open]", part)) part.replaceWith(other);
	}
	say("The conversation has moved on.");
};
const follow = async (live) => {
	for (let first = true; live.isConnected; first = false) {
		try {
			const answer = await fetch(live.dataset.stream);
			if (!answer.ok) throw new Error(answer.status);
			if (!first) await refresh();
			live.textContent = "Live";
			live.classList.remove("wait");
			const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
			for (;;) {
				const { done, value } = await reader.read();
				if (done || !live.isConnected) break;
				if (/^id:/m.test(value)) await refresh();
			}
		} catch {
			live.textContent = "Offline: trying again";
			live.classList.add("wait");
			await pause(2000);
		}
	}
};

// What carries data-poll is asked for each second, until what comes does no longer; a form with data-watch has that begin.
const poll = async (part, url) => {
	while (url) {
		await pause(1000);
		const next = $("#" + part.id, await read(url).catch(() => document));
		url = next?.dataset.poll;
		if (next) part.replaceWith(next);
		part = next;
	}
};

const begin = () => {
	$(".rail [aria-current]")?.scrollIntoView({ block: "nearest" });
	for (const box of $$("[data-all]")) box.hidden = false;
	for (const table of $$("[data-rows]")) watch(table);
	for (const live of $$("[data-stream]")) follow(live);
	for (const part of $$("[data-poll]")) poll(part, part.dataset.poll);
};
begin();

// Keys, unless somebody writes or has switched them off.
const KEYS = "?=Help,/=Search,Ctrl K=Commands,g o=Overview,g c=Conversations,g q=My queue,g w=Workload,g p=Practice areas,g x=Conflicts,g a=Audit,g d=Data access,j k=Row,Enter=Open,Space=Preview,x=Tick,a=Assign,s=Status,e=Export,f=Filter,[ ]=Page,n p=Message,Ctrl Enter=Send,t=Theme,Esc=Close";
const PLACES = { o: "overview", c: "conversations", q: "queue", w: "workload", p: "practice-areas", x: "conflicts", a: "audit", d: "data-access" };
const dialog = (title, ...inside) => {
	const box = make("dialog", { className: "card stack", ariaLabel: title, onclose: () => box.remove() }, make("h2", {}, title), ...inside, button("Close", () => box.close()));
	document.body.append(box);
	box.showModal();
};
const help = () => {
	const all = KEYS.split(",").map((line) => line.split("=")).flatMap(([key, does]) => [make("dt", {}, make("kbd", {}, key)), make("dd", {}, does)]);
	const box = make("input", { type: "checkbox", checked: !localStorage.keysOff, onchange: () => (localStorage.keysOff = box.checked ? "" : 1) });
	dialog("Keys", make("dl", { className: "facts" }, ...all), make("label", { className: "tick" }, box, "Keys are on"));
};
const commands = () => {
	const list = make("ul");
	const input = make("input", { type: "search", ariaLabel: "Where to?" });
	const show = () => {
		const words = input.value.trim().toLowerCase();
		const links = $$(".rail li a, .head a, .menu a").filter((link) => link.textContent.toLowerCase().includes(words));
		const item = (href, text) => make("li", {}, make("a", { href }, text));
		list.replaceChildren(...links.map((link) => item(link.href, link.textContent)));
		if (words) list.append(item(`/search?q=${encodeURIComponent(words)}`, `Search for “${words}”`));
	};
	input.oninput = show;
	input.onkeydown = ({ key }) => void (key === "Enter" && $("a", list)?.click());
	show();
	dialog("Commands", input, list);
};
const step = (selector, by) => {
	const all = $$(selector);
	const at = all.findIndex((one) => one.contains(document.activeElement));
	all[Math.min(Math.max(at + by, 0), all.length - 1)]?.focus();
};
let going = false;
on("keydown", (event) => {
	const { key, target } = event;
	const held = event.ctrlKey || event.metaKey || event.altKey;
	const did = () => event.preventDefault();
	if (held && key === "Enter") return target.form?.requestSubmit();
	if (held && key === "k") return did($("dialog") || commands());
	const writing = target.closest("input:not([type=checkbox]), textarea, select, dialog");
	if (key === "Escape") {
		const open = $("details.menu[open]");
		if (open) ((open.open = false), $("summary", open).focus());
		else if (writing) target.blur();
		else $("[data-close]")?.click();
		return;
	}
	if (held || writing || localStorage.keysOff) return;
	const click = (selector) => $(selector)?.click();
	if (going && PLACES[key]) return (going = did(click(`.rail a[href="/${PLACES[key]}"]`)));
	going = key === "g";
	const row = target.closest("tr");
	const acts = {
		"?": help,
		"/": () => $("input[type=search]")?.focus(),
		j: () => step("tbody th a", 1),
		k: () => step("tbody th a", -1),
		n: () => step(".message", 1),
		p: () => step(".message", -1),
		x: () => row && $("[name=row]", row)?.click(),
		a: () => click("[value=assign]"),
		s: () => click("[value=status]"),
		e: () => click($("[name=row]:checked") ? "[value=export]" : "a[download]"),
		f: () => $("form.fields :is(select, input:not([type=hidden]))")?.focus(),
		"[": () => $("a[rel=first]") && history.back(),
		"]": () => click("a[rel=next]"),
		t: () => click("form[action='/theme'] button"),
	};
	if (row && !target.matches("input, button")) acts[" "] = () => $("[name=preview]", row)?.click();
	if (acts[key]) did(acts[key]());
});
