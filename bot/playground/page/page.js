// The demo's chat page: it draws what the doors of the playground say, and sends what people do.

const WORDS = {
  zh: { bot: "卡包", send: "发送", write: "写消息…", menu: "菜单", attach: "发图片或文件", edited: "已编辑", copied: "已复制", protected: "不可转发或保存", language: "语言", edit: "修改", contact: "☎" },
  en: { bot: "Kabao", send: "Send", write: "Message…", menu: "Menu", attach: "Send a picture or file", edited: "edited", copied: "Copied", protected: "cannot be forwarded or saved", language: "Language", edit: "Edit", contact: "☎" },
};
const LONG_WAIT = 25;
const phones = new Map();
const groups = new Map();

async function ask(door, values, body) {
  const get = values === undefined || body === null;
  const query = new URLSearchParams(get || body ? values : {});
  const answer = await fetch(`${door}?${query}`, get ? {} : { method: "POST", body: body ?? JSON.stringify(values) });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error);
  return said;
}

const read = (door, values = {}) => ask(door, values, null);

function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child != null && child !== ""));
  return made;
}

// Entities count UTF-16 units, as strings do here; they nest, and none crosses another.
function formatted(phone, text, entities) {
  const sorted = [...(entities ?? [])].sort((a, b) => a.offset - b.offset || b.length - a.length);
  function within(from, to) {
    const out = [];
    let at = from;
    while (sorted.length && sorted[0].offset < to) {
      const entity = sorted.shift();
      out.push(text.slice(at, entity.offset));
      at = entity.offset + entity.length;
      out.push(wrapped(phone, entity, text.slice(entity.offset, at), within(entity.offset, at)));
    }
    return [...out, text.slice(at, to)];
  }
  return within(0, text.length);
}

function wrapped(phone, entity, plain, inside) {
  const copy = () => copied(phone, plain);
  switch (entity.type) {
    case "bold": return make("b", {}, ...inside);
    case "italic": return make("i", {}, ...inside);
    case "underline": return make("u", {}, ...inside);
    case "strikethrough": return make("s", {}, ...inside);
    case "code": return make("code", { tabindex: 0, onclick: copy, onkeydown: onEnter(copy) }, ...inside);
    case "pre": return make("pre", {}, ...inside);
    case "blockquote": case "expandable_blockquote": return make("blockquote", {}, ...inside);
    case "spoiler": {
      const open = (event) => event.currentTarget.classList.add("open");
      return make("span", { class: "spoiler", tabindex: 0, onclick: open, onkeydown: onEnter(open) }, ...inside);
    }
    case "text_link": return make("a", { href: web(entity.url), rel: "noreferrer noopener", target: "_blank" }, ...inside);
    case "url": return make("a", { href: web(plain), rel: "noreferrer noopener", target: "_blank" }, ...inside);
    case "bot_command": return make("a", { href: "#", onclick: (event) => { event.preventDefault(); phone.says(plain); } }, ...inside);
    default: return make("span", {}, ...inside);
  }
}

// Only what leads to a page is a link; anything else is text.
const web = (address) => (/^(https?|tg):/i.test(address) ? address : /^[\w-]+(:|$)/.test(address) ? null : `https://${address}`);

const onEnter = (act) => (event) => { if (event.key === "Enter") act(event); };

async function copied(phone, text) {
  try { await navigator.clipboard.writeText(text); } catch { /* a page without the right to: it is shown all the same */ }
  phone.notice(`${phone.words.copied}`);
}

class Phone {
  constructor(about) {
    this.about = about;
    this.chats = new Map();
    this.after = 0;
    this.build();
  }

  get words() { return WORDS[this.about.language?.startsWith("zh") ? "zh" : "en"]; }

  build() {
    const { words } = this;
    this.tabs = make("div", { class: "tabs", role: "tablist" });
    const languages = make("select", { "aria-label": words.language, onchange: (event) => this.speaks(event.target.value) },
      ...[["zh", "中文"], ["en", "English"]].map(([code, name]) => make("option", { value: code, selected: words === WORDS[code] }, name)));
    this.field = make("textarea", { rows: 1, placeholder: words.write, "aria-label": words.write,
      onkeydown: (event) => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); this.write(); } },
      onpaste: (event) => this.sendAll(event.clipboardData.files) });
    this.picker = make("input", { type: "file", multiple: true, hidden: true, onchange: () => { this.sendAll(this.picker.files); this.picker.value = ""; } });
    this.menu = make("div", { class: "menu", hidden: true });
    this.keyboard = make("div", { class: "below" });
    this.element = make("section", { class: "phone", "aria-label": this.about.name, lang: this.about.language, "data-person": this.about.name,
      ondragover: (event) => { event.preventDefault(); this.element.classList.add("drop"); },
      ondragleave: () => this.element.classList.remove("drop"),
      ondrop: (event) => { event.preventDefault(); this.element.classList.remove("drop"); this.sendAll(event.dataTransfer.files); } },
      make("header", {}, make("div", { class: "who" }, this.about.name, languages), this.tabs),
      this.menu, this.keyboard,
      make("form", { class: "write", onsubmit: (event) => { event.preventDefault(); this.write(); } },
        make("button", { type: "button", class: "commands", "aria-label": words.menu, onclick: () => this.showMenu() }, "☰"),
        make("button", { type: "button", "aria-label": words.attach, onclick: () => this.picker.click() }, "📎"),
        this.picker, this.field, make("button", {}, words.send)));
    this.chat(this.about.id, words.bot, "");
  }

  // One chat of theirs: their private one, or a group's.
  chat(id, title, group) {
    if (this.chats.has(id)) return this.chats.get(id);
    const list = make("div", { class: "chat", role: "log", hidden: this.chats.size > 0, "data-chat": group });
    const tab = make("button", { type: "button", role: "tab", "aria-selected": String(this.chats.size === 0), onclick: () => this.turn(id) }, title);
    const chat = { id, group, list, tab };
    this.chats.set(id, chat);
    this.tabs.append(tab);
    this.element.insertBefore(list, this.menu);
    if (this.chats.size === 1) this.here = chat;
    return chat;
  }

  turn(id) {
    for (const chat of this.chats.values()) {
      const here = chat.id === id;
      chat.list.hidden = !here;
      chat.tab.setAttribute("aria-selected", String(here));
      if (here) { this.here = chat; chat.tab.classList.remove("fresh"); chat.list.scrollTop = chat.list.scrollHeight; }
    }
  }

  async open() {
    for (const chat of this.chats.values()) {
      const { messages, last } = await read("chat", { as: this.about.name, chat: chat.group });
      messages.forEach((message) => this.draw(message));
      if (!chat.group) this.after = last;
    }
    await this.below();
    this.turn(this.about.id);
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
        await new Promise((go) => setTimeout(go, 1000));
      }
    }
  }

  happened({ what, message }) {
    if (what === "notice") return this.notice(message.text);
    if (what === "alert") return this.alert(message.text);
    if (what === "deleted") return this.find(message)?.remove();
    return this.draw(message);
  }

  find(message) {
    return this.chats.get(message.chat.id)?.list.querySelector(`[data-id="${message.message_id}"]`);
  }

  draw(message) {
    const chat = this.chats.get(message.chat.id) ?? this.chat(message.chat.id, message.chat.title ?? "", message.chat.title ?? "");
    const drawn = this.drawn(message);
    const before = this.find(message);
    const atEnd = chat.list.scrollHeight - chat.list.scrollTop - chat.list.clientHeight < 150;
    if (before) before.replaceWith(drawn);
    else chat.list.append(drawn);
    if (chat !== this.here) chat.tab.classList.add("fresh");
    if (atEnd || drawn.classList.contains("mine")) chat.list.scrollTop = chat.list.scrollHeight;
  }

  drawn(message) {
    const mine = message.from.id === this.about.id;
    const text = message.text ?? message.caption ?? "";
    const when = new Date(message.date * 1000).toLocaleTimeString(this.about.language ?? "zh", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Shanghai" });
    const marks = [message.has_protected_content && "🔒", message.edit_date && this.words.edited, when].filter(Boolean).join(" · ");
    const held = message.has_protected_content ? { oncontextmenu: (event) => event.preventDefault(), title: this.words.protected } : {};
    const bubble = make("div", { class: "bubble", ...held },
      !mine && message.chat.title ? make("div", { class: "author" }, message.from.first_name) : null,
      message.forward_origin ? make("div", { class: "author" }, `↪ ${message.forward_origin.sender_user_name ?? ""}`) : null,
      this.file(message),
      text ? make("div", { class: "text" }, ...formatted(this, text, message.entities ?? message.caption_entities)) : null,
      message.contact ? make("div", { class: "text" }, `☎ ${message.contact.phone_number}`) : null,
      make("div", { class: "meta" }, marks));
    if (mine && message.text) bubble.addEventListener("dblclick", () => this.change(message));
    return make("article", { class: mine ? "message mine" : "message", "data-id": message.message_id, "data-bot": String(message.from.is_bot) },
      bubble, ...this.buttons(message));
  }

  file(message) {
    if (message.photo) {
      const address = `file?${new URLSearchParams({ id: message.photo.at(-1).file_id })}`;
      const atEnd = () => { const list = this.chats.get(message.chat.id).list; list.scrollTop = list.scrollHeight; };
      return make("img", { src: address, onload: atEnd, alt: message.caption ?? "", draggable: message.has_protected_content ? "false" : null });
    }
    if (message.document) {
      const address = `file?${new URLSearchParams({ id: message.document.file_id })}`;
      return make("a", { class: "file", href: address, download: message.document.file_name }, `📄 ${message.document.file_name}`);
    }
    return null;
  }

  buttons(message) {
    let number = 0;
    return (message.reply_markup?.inline_keyboard ?? []).map((row) => make("div", { class: "row" }, ...row.map((button) => {
      number += 1;
      const at = number;
      if (button.copy_text) return make("button", { type: "button", onclick: () => copied(this, button.copy_text.text) }, `⧉ ${button.text}`);
      if (button.url && !button.url.startsWith("https://t.me/")) return make("a", { href: web(button.url), target: "_blank", rel: "noreferrer noopener" }, `${button.text} ↗`);
      return make("button", { type: "button", onclick: () => this.act("press", { button: at, message: message.message_id }, message.chat) }, button.text);
    })));
  }

  group(chat) { return chat?.title ?? this.here.group; }

  async act(door, values, chat) {
    try { return await ask(door, { as: this.about.name, chat: this.group(chat), ...values }); }
    catch (error) { this.notice(error.message); return null; }
  }

  says(text) { return this.act("say", { text }); }

  async write() {
    const text = this.field.value.trim();
    this.menu.hidden = true;
    if (!text) return;
    this.field.value = "";
    if (this.changing) { await this.act("edit", { message: this.changing, text }); this.changing = null; }
    else await this.says(text);
  }

  change(message) {
    this.changing = message.message_id;
    this.field.value = message.text;
    this.field.focus();
  }

  async sendAll(files) {
    for (const file of files) {
      const caption = this.field.value.trim();
      this.field.value = "";
      try { await ask("send", { as: this.about.name, name: file.name, caption, chat: this.here.group }, file); }
      catch (error) { this.notice(error.message); }
    }
  }

  async speaks(language) {
    this.about = await ask("people", { name: this.about.name, language });
    location.reload();
  }

  async showMenu() {
    if (!this.menu.hidden) { this.menu.hidden = true; return; }
    const commands = await read("menu", { as: this.about.name });
    this.menu.replaceChildren(...commands.map(({ command, description }) =>
      make("button", { type: "button", onclick: () => { this.menu.hidden = true; this.says(`/${command}`); } }, make("b", {}, `/${command}`), make("span", {}, description))));
    this.menu.hidden = false;
    this.menu.querySelector("button")?.focus();
  }

  // The buttons below the chat, which ask for one's own number.
  async below() {
    const { keyboard } = await read("chat", { as: this.about.name, only: "keyboard" });
    this.keyboard.replaceChildren(...keyboard.map((label) => make("button", { type: "button", onclick: () => this.act("contact", {}) }, `${this.words.contact} ${label}`)));
  }

  notice(text) {
    const shown = make("div", { class: "notice", role: "status" }, text);
    this.here.list.append(shown);
    this.here.list.scrollTop = this.here.list.scrollHeight;
    setTimeout(() => shown.remove(), 5000);
  }

  alert(text) {
    const dialog = make("dialog", {}, make("p", {}, text), make("form", { method: "dialog" }, make("button", {}, "OK")));
    this.element.append(dialog);
    dialog.showModal();
  }
}

async function arrive(name, language) {
  if (phones.has(name)) return;
  const about = await ask("people", language ? { name, language } : { name });
  const phone = new Phone(about);
  phones.set(name, phone);
  for (const { id, name: title, members } of groups.values()) if (members.includes(about.id)) phone.chat(id, title, title);
  document.querySelector("#phones").append(phone.element);
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
  document.querySelector("#now").value = when.toLocaleString("zh-CN", { timeZone: "Asia/Shanghai", dateStyle: "medium", timeStyle: "short" });
}

async function begin() {
  const query = new URLSearchParams(location.search);
  if (query.has("theme")) document.documentElement.dataset.theme = query.get("theme");
  // Where no Chinese font is installed the page brings one; what was drawn before it came is blank.
  await document.fonts.load('15px "Kabao Han"', "卡");
  await learnGroups();
  const there = await read("people");
  const known = new Map(there.map((person) => [person.name, person.language]));
  const names = query.getAll("as");
  for (const name of names.length ? names : ["小明", "Alice"]) {
    await arrive(name, known.get(name) ?? (/[\u4e00-\u9fff]/.test(name) ? "zh" : "en"));
  }
  await tell();
  setInterval(() => tell(), 10_000);
  document.body.dataset.ready = "yes";
  for (const phone of phones.values()) phone.turn(phone.about.id);
}

document.querySelectorAll("[data-wait]").forEach((button) => button.addEventListener("click", () => tell(Number(button.dataset.wait))));
document.querySelector("#gather").addEventListener("click", gather);
document.querySelector("#theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
});
document.querySelector("#arrive").addEventListener("submit", (event) => {
  event.preventDefault();
  const { name } = event.target.elements;
  const chosen = name.value.trim();
  name.value = "";
  if (chosen) arrive(chosen, /[\u4e00-\u9fff]/.test(chosen) ? "zh" : "en");
});
begin();
