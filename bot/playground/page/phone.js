// One person's Telegram: their chats, what they write and press, and what happens to them.

import { dayOf, drawn } from "./message.js";
import { ask, Lost, make, read } from "./wire.js";
import { wordsOf } from "./words.js";

const LONG_WAIT = 25;
const NEAR_END = 150;

export class Phone {
  // `page` knows the other phones, and what to do when the connection is lost.
  constructor(about, page) {
    this.about = about;
    this.page = page;
    this.chats = new Map();
    this.after = 0;
    this.build();
  }

  get words() { return wordsOf(this.about.language); }

  get draft() { return `draft:${this.about.name}`; }

  build() {
    const { words, about } = this;
    const face = make("span", { class: "face", "aria-hidden": "true", "data-tint": about.id % 6 }, [...about.name][0]);
    this.tabs = make("div", { class: "tabs", role: "tablist" });
    const languages = make("select", { "aria-label": words.language, onchange: (event) => this.speaks(event.target.value) },
      ...[["zh", "中文"], ["en", "English"]].map(([code, name]) => make("option", { value: code, selected: words === wordsOf(code) }, name)));
    this.field = make("textarea", { rows: 1, placeholder: words.write, "aria-label": words.write,
      oninput: () => this.fit(), onkeydown: (event) => this.typed(event), onpaste: (event) => this.sendAll(event.clipboardData.files) });
    this.picker = make("input", { type: "file", multiple: true, hidden: true, onchange: () => { this.sendAll(this.picker.files); this.picker.value = ""; } });
    this.menu = make("div", { class: "menu", hidden: true, onkeydown: (event) => this.inMenu(event) });
    this.keyboard = make("div", { class: "below" });
    this.toasts = make("div", { class: "toasts", role: "status" });
    this.down = make("button", { type: "button", class: "down", hidden: true, "aria-label": words.down, onclick: () => this.toEnd() }, "↓");
    this.editing = make("div", { class: "editing", hidden: true }, this.doing = make("span"),
      make("button", { type: "button", "aria-label": words.leave, onclick: () => this.leave() }, "✕"));
    this.commands = make("button", { type: "button", class: "commands round", "aria-label": words.menu, "aria-expanded": "false", onclick: () => this.showMenu() }, "☰");
    this.element = make("section", { class: "phone", "aria-label": about.name, lang: about.language, "data-person": about.name,
      ondragover: (event) => { event.preventDefault(); this.element.classList.add("drop"); },
      ondragleave: () => this.element.classList.remove("drop"),
      ondrop: (event) => { event.preventDefault(); this.element.classList.remove("drop"); this.sendAll(event.dataTransfer.files); } },
      make("header", {}, make("div", { class: "who" }, face, make("h2", {}, about.name), languages), this.tabs),
      make("div", { class: "over" }, this.menu, this.toasts, this.down), this.keyboard, this.editing,
      make("form", { class: "write", onsubmit: (event) => { event.preventDefault(); this.write(); } },
        this.commands, make("button", { type: "button", class: "round", "aria-label": words.attach, onclick: () => this.picker.click() }, "📎"),
        this.picker, this.field, make("button", { class: "send round", "aria-label": words.send, title: words.send }, "➤")));
    this.chat(about.id, words.bot, "");
    this.field.value = sessionStorage.getItem(this.draft) ?? "";
  }

  // One chat of theirs: their private one, or a group's.
  chat(id, title, group) {
    if (this.chats.has(id)) return this.chats.get(id);
    const named = `chat-${this.about.id}-${this.chats.size}`;
    const list = make("div", { class: "chat", id: named, role: "log", tabindex: 0, "aria-label": title, hidden: this.chats.size > 0, "data-chat": group,
      onscroll: () => this.scrolled(list) });
    const tab = make("button", { type: "button", role: "tab", "aria-controls": named, "aria-selected": String(this.chats.size === 0), onclick: () => this.turn(id) }, title);
    const chat = { id, group, list, tab, empty: this.welcome(group) };
    list.append(chat.empty);
    this.chats.set(id, chat);
    this.tabs.append(tab);
    this.element.insertBefore(list, this.element.querySelector(".over"));
    if (this.chats.size === 1) this.here = chat;
    return chat;
  }

  welcome(group) {
    const { words } = this;
    if (group) return make("div", { class: "empty" }, make("p", {}, words.group));
    return make("div", { class: "empty" }, make("span", { class: "logo", "aria-hidden": "true" }, "💳"), make("h3", {}, words.empty), make("p", {}, words.begin),
      make("button", { type: "button", class: "start", onclick: () => this.says("/start") }, words.start));
  }

  turn(id) {
    for (const chat of this.chats.values()) {
      const here = chat.id === id;
      chat.list.hidden = !here;
      chat.tab.setAttribute("aria-selected", String(here));
      if (here) { this.here = chat; chat.tab.classList.remove("fresh"); this.toEnd(); }
    }
  }

  toEnd() { this.here.list.scrollTop = this.here.list.scrollHeight; this.down.hidden = true; }

  atEnd(list) { return list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END; }

  scrolled(list) { if (list === this.here.list) this.down.hidden = this.atEnd(list); }

  // A picture has come and made its message taller.
  grew(message) {
    const { list } = this.chats.get(message.chat.id);
    const picture = list.querySelector(`[data-id="${message.message_id}"] img`);
    if (list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END + (picture?.clientHeight ?? 0)) list.scrollTop = list.scrollHeight;
  }

  async open() {
    for (const chat of this.chats.values()) {
      const { messages, last } = await read("chat", { as: this.about.name, chat: chat.group });
      messages.forEach((message) => this.draw(message));
      if (!chat.group) this.after = last;
    }
    await this.below();
    this.turn(this.about.id);
    this.fit();
    this.listen();
  }

  async listen() {
    for (;;) {
      try {
        const { events, last } = await read("events", { as: this.about.name, after: this.after, wait: LONG_WAIT });
        this.after = last;
        events.forEach((event) => this.happened(event));
        if (events.length) await this.below();
      } catch {
        // The demo may have been started anew, with other chats: the page begins anew as well.
        return this.page.lost();
      }
    }
  }

  happened({ what, message }) {
    if (what === "notice") return this.notice(message.text);
    if (what === "alert") return this.alert(message.text);
    if (what === "deleted") return this.gone(message);
    return this.draw(message);
  }

  find(message) {
    return this.chats.get(message.chat.id)?.list.querySelector(`[data-id="${message.message_id}"]`);
  }

  gone(message) {
    const drawn = this.find(message);
    if (!drawn) return;
    drawn.remove();
    if ([this.changing, this.replying].includes(message.message_id)) this.leave();
    const { list, empty } = this.chats.get(message.chat.id);
    this.parted(list);
    if (!list.querySelector("article")) list.replaceChildren(empty);
  }

  // A line says which day it is where another begins.
  parted(list) {
    list.querySelectorAll(".day").forEach((line) => line.remove());
    let day = dayOf({ date: this.page.began / 1000 }, this.about.language);
    for (const article of list.querySelectorAll("article")) {
      if (article.dataset.day !== day) article.before(make("div", { class: "day" }, article.dataset.day));
      day = article.dataset.day;
    }
  }

  draw(message) {
    const chat = this.chats.get(message.chat.id) ?? this.chat(message.chat.id, message.chat.title ?? "", message.chat.title ?? "");
    const made = drawn(this, message);
    const before = this.find(message);
    const atEnd = this.atEnd(chat.list);
    chat.empty.remove();
    if (before) this.replace(before, made);
    else { chat.list.append(made); this.parted(chat.list); }
    if (chat !== this.here) chat.tab.classList.add("fresh");
    if (atEnd || made.classList.contains("mine")) chat.list.scrollTop = chat.list.scrollHeight;
    else if (chat === this.here) this.down.hidden = false;
  }

  // Who goes by keyboard stays on the button they pressed, or on the first that took its place.
  replace(before, made) {
    const held = [...before.querySelectorAll(".row button, .row a")].indexOf(document.activeElement);
    before.replaceWith(made);
    if (held < 0) return;
    const now = made.querySelectorAll(".row button, .row a");
    (now[held] ?? now[0] ?? this.field).focus({ preventScroll: true });
  }

  group(chat) { return chat?.title ?? this.here.group; }

  async act(door, values, chat) {
    try { return await ask(door, { as: this.about.name, chat: this.group(chat), ...values }); }
    catch (error) { this.failed(error); return null; }
  }

  failed(error) { this.notice(error instanceof Lost ? this.words.lost : error.message); }

  says(text) { return this.act("say", { text }); }

  typed(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); this.write(); }
    else if (event.key === "Escape") { this.leave(); this.menu.hidden = true; }
    else if (event.key === "ArrowUp" && !this.field.value) this.changeLast(event);
  }

  changeLast(event) {
    const mine = [...this.here.list.querySelectorAll(".mine .change")].at(-1);
    if (!mine) return;
    event.preventDefault();
    mine.click();
  }

  async write() {
    const text = this.field.value.trim();
    const { changing, replying } = this;
    this.menu.hidden = true;
    if (!text) return;
    this.leave();
    const done = await (changing ? this.act("edit", { message: changing, text }) : this.act("say", { text, reply_to: replying }));
    if (done === null && !this.field.value) { this.field.value = text; this.fit(); }
  }

  // The field is as high as what stands in it; what is not sent yet outlives a reload.
  fit() {
    const atEnd = this.atEnd(this.here.list);
    this.field.style.height = "auto";
    if (this.field.value) this.field.style.height = `${this.field.scrollHeight + 2}px`;
    if (atEnd) this.toEnd();
    sessionStorage.setItem(this.draft, this.changing ? "" : this.field.value);
  }

  change(message) {
    this.changing = message.message_id;
    this.begin(`✎ ${this.words.changing}`, message.text);
  }

  reply(message) {
    this.leave();
    this.replying = message.message_id;
    this.begin(`↩ ${this.words.replying}`, "");
  }

  begin(doing, text) {
    this.doing.textContent = doing;
    this.editing.hidden = false;
    this.field.value = text;
    this.fit();
    this.field.focus();
  }

  leave() {
    this.changing = this.replying = null;
    this.editing.hidden = true;
    this.field.value = "";
    this.fit();
  }

  async sendAll(files) {
    const album = files.length > 1 ? String(Date.now()) : "";
    for (const file of files) {
      const caption = this.field.value.trim();
      this.leave();
      await this.sends(file.name, file, caption, album);
    }
  }

  async sends(name, content, caption = "", album = "") {
    try { await ask("send", { as: this.about.name, name, caption, album, chat: this.here.group }, content); }
    catch (error) { this.failed(error); }
  }

  async speaks(language) {
    this.about = await ask("people", { name: this.about.name, language });
    location.reload();
  }

  async showMenu() {
    if (!this.menu.hidden) return this.closeMenu();
    const commands = await read("menu", { as: this.about.name });
    this.menu.replaceChildren(...commands.map(({ command, description }) =>
      make("button", { type: "button", onclick: () => { this.closeMenu(); this.says(`/${command}`); } }, make("b", {}, `/${command}`), make("span", {}, description))));
    this.menu.hidden = false;
    this.commands.setAttribute("aria-expanded", "true");
    this.menu.scrollTop = 0;
    this.menu.querySelector("button")?.focus();
  }

  closeMenu() {
    this.menu.hidden = true;
    this.commands.setAttribute("aria-expanded", "false");
    this.field.focus();
  }

  inMenu(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") this.closeMenu();
    if (!step) return;
    event.preventDefault();
    const all = [...this.menu.querySelectorAll("button")];
    all.at((all.indexOf(document.activeElement) + step) % all.length)?.focus();
  }

  // The buttons below the chat, which ask for one's own number.
  async below() {
    const { keyboard } = await read("chat", { as: this.about.name, only: "keyboard" });
    this.keyboard.replaceChildren(...keyboard.map((label) => make("button", { type: "button", onclick: () => this.act("contact", {}) }, `☎ ${label}`)));
  }

  notice(text) {
    const shown = make("div", { class: "notice" }, text);
    this.toasts.append(shown);
    setTimeout(() => shown.remove(), 5000);
  }

  async copies(text) {
    try { await navigator.clipboard.writeText(text); } catch { /* a page without the right to: it is shown all the same */ }
    this.notice(this.words.copied);
  }

  alert(text) {
    const dialog = make("dialog", { onclose: () => dialog.remove() }, make("p", {}, text), make("form", { method: "dialog" }, make("button", {}, "OK")));
    this.element.append(dialog);
    dialog.showModal();
  }

  // Ask who of those on the page opens a link to the bot.
  offers(address) {
    const payload = new URL(address.startsWith("http") ? address : `https://${address}`).searchParams.get("start") ?? "";
    const open = (phone) => { dialog.close(); phone.opens(payload); };
    const others = [...this.page.phones.values()].sort((a, b) => Number(a === this) - Number(b === this));
    const dialog = make("dialog", { onclose: () => dialog.remove() }, make("p", {}, this.words.opens),
      ...others.map((phone) => make("button", { type: "button", onclick: () => open(phone) }, phone.about.name)),
      make("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, this.words.nobody));
    this.element.append(dialog);
    dialog.showModal();
  }

  opens(payload) {
    this.turn(this.about.id);
    this.element.scrollIntoView({ behavior: "smooth", inline: "center", block: "nearest" });
    return this.act("say", { text: `/start ${payload}`.trim(), chat: "" });
  }
}
