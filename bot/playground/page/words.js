// What the page itself says; everything else is said by the bot.

export const WORDS = {
  zh: {
    bot: "卡包", send: "发送", write: "写消息…", menu: "菜单", attach: "发图片或文件", edited: "已编辑", copied: "已复制",
    protected: "不可转发或保存", language: "语言", change: "修改", changing: "修改消息", leave: "不改了", start: "开始",
    empty: "还没有消息", begin: "按“开始”，或点上面的“试用卡”取一张卡来绑定。", picture: "图片", down: "到最新一条",
    lost: "没有发出去：连接断开了。", group: "群里还没有消息。发 /share 试试。", opens: "谁来打开这个链接？", nobody: "不打开",
    reply: "回复", replying: "回复这条消息",
  },
  en: {
    bot: "Kabao", send: "Send", write: "Message…", menu: "Menu", attach: "Send a picture or file", edited: "edited", copied: "Copied",
    protected: "cannot be forwarded or saved", language: "Language", change: "Edit", changing: "Edit message", leave: "Leave it", start: "Start",
    empty: "No messages here yet", begin: "Press Start, or take a card to bind from “Cards to try” above.", picture: "Picture", down: "To the newest",
    lost: "Not sent: the connection is lost.", group: "No messages here yet. Try /share.", opens: "Who opens this link?", nobody: "Nobody",
    reply: "Reply", replying: "Reply to this message",
  },
};

export const chinese = (name) => /[\u3400-\u9fff]/.test(name);
export const wordsOf = (language) => WORDS[language?.startsWith("zh") ? "zh" : "en"];
