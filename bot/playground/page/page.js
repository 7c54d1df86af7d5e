// The demo's chat page: people's phones side by side, the clock, and what there is to try.

import { Phone } from "./phone.js";
import { ask, make, read } from "./wire.js";
import { chinese } from "./words.js";

const LOOK_AGAIN = 1000;
const phones = new Map();
const groups = new Map();
const root = document.documentElement;
const find = (what) => document.querySelector(what);

const page = {
  phones,
  began: 0,
  waiting: false,
  // Say so, and begin anew when the demo is there again; what was not sent stands in its field.
  async lost() {
    if (this.waiting) return;
    this.waiting = true;
    find("#lost").hidden = false;
    for (;;) {
      await new Promise((go) => setTimeout(go, LOOK_AGAIN));
      try { await read("people"); return location.reload(); } catch { /* not yet */ }
    }
  },
};

async function arrive(name, language) {
  if (phones.has(name)) return phones.get(name).element.scrollIntoView({ behavior: "smooth", inline: "center" });
  const about = await ask("people", language ? { name, language } : { name });
  const phone = new Phone(about, page);
  phones.set(name, phone);
  for (const { id, name: title, members } of groups.values()) if (members.includes(about.id)) phone.chat(id, title, title);
  find("#phones").append(phone.element);
  const to = make("button", { type: "button", onclick: () => phone.element.scrollIntoView({ behavior: "smooth", inline: "center" }) }, name);
  find("#people").append(to);
  new IntersectionObserver(([seen]) => to.setAttribute("aria-pressed", String(seen.isIntersecting)), { root: find("#phones"), threshold: 0.5 }).observe(phone.element);
  await phone.open();
}

async function learnGroups() {
  for (const group of await read("groups")) groups.set(group.name, group);
}

async function gather() {
  const members = [...phones.keys()];
  const name = `家 Family ${groups.size + 1}`;
  await ask("groups", { name, members, deletes: true });
  await learnGroups();
  const { id } = groups.get(name);
  for (const phone of phones.values()) { phone.chat(id, name, name); phone.turn(id); }
}

async function tell(seconds) {
  const { now } = seconds ? await ask("clock", { seconds }) : await read("clock");
  const when = new Date(now);
  page.began ||= when.getTime();
  find("#now").value = when.toLocaleString("zh-CN", { timeZone: "Asia/Shanghai", dateStyle: "medium", timeStyle: "short" });
}

// The phone somebody used last, else the first.
const inHand = () => [...phones.values()].find((phone) => phone.element === page.used) ?? phones.values().next().value;

async function samples() {
  const cards = await read("samples");
  find("#samples").hidden = cards.length === 0;
  find("#cards tbody").replaceChildren(...cards.map(({ number, pin, about }) => make("tr", {},
    make("td", {}, make("b", {}, about.zh), make("small", {}, about.en)),
    make("td", {}, make("button", { type: "button", onclick: () => given((phone) => phone.says(number)) }, number), make("small", {}, pin ? `PIN ${pin}` : "")),
    make("td", {}, make("button", { type: "button", "aria-label": `照片 photo ${number}`, title: "发照片 send a photo", onclick: () => given((phone) => photograph(phone, number)) }, "📷")))));
}

function given(act) {
  find("#cards").close();
  return act(inHand());
}

async function photograph(phone, number) {
  const answer = await fetch(`photo?${new URLSearchParams({ number })}`);
  await phone.sends("card.png", await answer.blob());
}

async function begin() {
  const query = new URLSearchParams(location.search);
  const theme = query.get("theme") ?? localStorage.getItem("theme");
  if (theme) root.dataset.theme = theme;
  // Where no Chinese font is installed the page brings one; what was drawn before it came is blank.
  await document.fonts.load('15px "Kabao Han"', "卡");
  await tell();
  await learnGroups();
  const there = await read("people");
  const known = new Map(there.map((person) => [person.name, person.language]));
  const names = query.getAll("as");
  for (const name of names.length ? names : ["小明", "Alice"]) {
    await arrive(name, known.get(name) ?? (chinese(name) ? "zh" : "en"));
  }
  await samples();
  setInterval(() => tell().catch(() => page.lost()), 10_000);
  document.body.dataset.ready = "yes";
  for (const phone of phones.values()) { phone.turn(phone.about.id); phone.fit(); }
}

find("#phones").addEventListener("focusin", (event) => { page.used = event.target.closest(".phone"); });
find("#phones").addEventListener("pointerdown", (event) => { page.used = event.target.closest(".phone") ?? page.used; });
document.querySelectorAll("[data-wait]").forEach((button) => button.addEventListener("click", () => tell(Number(button.dataset.wait)).catch(() => page.lost())));
find("#gather").addEventListener("click", gather);
find("#samples").addEventListener("click", () => find("#cards").showModal());
find("#theme").addEventListener("click", () => {
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
});
find("#arrive").addEventListener("submit", (event) => {
  event.preventDefault();
  const { name } = event.target.elements;
  const chosen = name.value.trim();
  name.value = "";
  if (chosen) arrive(chosen, chinese(chosen) ? "zh" : "en");
});
begin().catch(() => page.lost());
