// A message as the Bot API has it, drawn.

import { fileAt, make } from "./wire.js";

const ZONE = "Asia/Shanghai";
const QUOTED = 80;
const onEnter = (act) => (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); act(event); } };

// Only what leads to a page is a link; anything else is text.
const web = (address) => (/^(https?|tg):/i.test(address) ? address : /^[\w-]+(:|$)/.test(address) ? null : `https://${address}`);
const toBot = (address) => /^(https?:\/\/)?t\.me\//i.test(address ?? "");

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
  const copy = () => phone.copies(plain);
  switch (entity.type) {
    case "bold": return make("b", {}, ...inside);
    case "italic": return make("i", {}, ...inside);
    case "underline": return make("u", {}, ...inside);
    case "strikethrough": return make("s", {}, ...inside);
    case "code": return make("code", { tabindex: 0, role: "button", onclick: copy, onkeydown: onEnter(copy) }, ...inside);
    case "pre": return make("pre", {}, ...inside);
    case "blockquote": case "expandable_blockquote": return make("blockquote", {}, ...inside);
    case "spoiler": {
      const open = (event) => event.currentTarget.classList.add("open");
      return make("span", { class: "spoiler", tabindex: 0, role: "button", onclick: open, onkeydown: onEnter(open) }, ...inside);
    }
    case "text_link": return link(phone, entity.url, inside);
    case "url": return link(phone, plain, inside);
    case "bot_command": return make("a", { href: "#", onclick: (event) => { event.preventDefault(); phone.says(plain); } }, ...inside);
    default: return make("span", {}, ...inside);
  }
}

function link(phone, address, inside) {
  if (toBot(address)) return make("a", { href: "#", onclick: (event) => { event.preventDefault(); phone.offers(address); } }, ...inside);
  return make("a", { href: web(address), rel: "noreferrer noopener", target: "_blank" }, ...inside);
}

export const dayOf = (message, language) =>
  new Date(message.date * 1000).toLocaleDateString(language ?? "zh", { month: "long", day: "numeric", timeZone: ZONE });

export function drawn(phone, message) {
  const { words, about } = phone;
  const mine = message.from.id === about.id;
  const text = message.text ?? message.caption ?? "";
  const when = new Date(message.date * 1000).toLocaleTimeString(about.language ?? "zh", { hour: "2-digit", minute: "2-digit", timeZone: ZONE });
  const marks = [message.has_protected_content && "🔒", message.edit_date && words.edited, when].filter(Boolean).join(" ");
  const held = message.has_protected_content ? { oncontextmenu: (event) => event.preventDefault(), title: words.protected } : {};
  const change = mine && message.text && message.chat.type === "private"
    ? make("button", { type: "button", class: "change", "aria-label": words.change, title: words.change, onclick: () => phone.change(message) }, "✎") : null;
  const answer = mine ? null
    : make("button", { type: "button", class: "change reply", "aria-label": words.reply, title: words.reply, onclick: () => phone.reply(message) }, "↩");
  const before = message.reply_to_message;
  const bubble = make("div", { class: "bubble", ...held },
    !mine && message.chat.title ? make("div", { class: "author" }, message.from.first_name) : null,
    message.forward_origin ? make("div", { class: "author" }, `↪ ${message.forward_origin.sender_user_name ?? ""}`) : null,
    before ? make("div", { class: "quoted" }, (before.text ?? before.caption ?? words.picture).slice(0, QUOTED)) : null,
    file(phone, message),
    text ? make("div", { class: "text" }, ...formatted(phone, text, message.entities ?? message.caption_entities)) : null,
    message.contact ? make("div", { class: "text" }, `☎ ${message.contact.phone_number}`) : null,
    make("div", { class: "meta" }, change, answer, marks));
  return make("article", { class: mine ? "message mine" : "message", "data-id": message.message_id, "data-bot": String(message.from.is_bot), "data-day": dayOf(message, about.language) },
    bubble, ...buttons(phone, message));
}

function file(phone, message) {
  if (message.photo) {
    const held = message.has_protected_content;
    return make("img", { src: fileAt(message.photo.at(-1).file_id), onload: () => phone.grew(message), alt: message.caption || phone.words.picture, draggable: held ? "false" : null });
  }
  if (message.document) {
    const name = message.document.file_name;
    const size = message.document.file_size;
    return make("a", { class: "file", href: fileAt(message.document.file_id), download: name },
      make("span", { class: "sheet", "aria-hidden": "true" }, "📄"), make("span", {}, make("b", {}, name), size ? make("small", {}, sized(size)) : null));
  }
  return null;
}

const sized = (bytes) => (bytes < 1024 ? `${bytes} B` : bytes < 1048576 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1048576).toFixed(1)} MB`);

function buttons(phone, message) {
  let number = 0;
  return (message.reply_markup?.inline_keyboard ?? []).map((row) => make("div", { class: "row" }, ...row.map((button) => {
    number += 1;
    const at = number;
    const said = { title: button.text };
    if (button.copy_text) return make("button", { type: "button", ...said, onclick: () => phone.copies(button.copy_text.text) }, button.text);
    if (button.url && !toBot(button.url)) return make("a", { href: web(button.url), ...said, target: "_blank", rel: "noreferrer noopener" }, button.text, make("i", { "aria-hidden": "true" }, "↗"));
    return make("button", { type: "button", ...said, onclick: () => phone.act("press", { button: at, message: message.message_id }, message.chat) }, button.text);
  })));
}
