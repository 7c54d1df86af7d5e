"""The bot's own place in a chat, and how it hears of a change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.playground.chats import Chat
    from bot.playground.world import World

RIGHTS = (
    "can_be_edited",
    "is_anonymous",
    "can_manage_chat",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)


def note_membership(
    world: World, chat: Chat, by: dict[str, Any], before: str, after: str
) -> int | None:
    """Tell the bot that its own place in a chat changed."""

    def place(status: str) -> dict[str, Any]:
        if status == "administrator":
            rights = dict.fromkeys(RIGHTS, False) | {"can_delete_messages": True}
            return {"user": world.bot, "status": status, **rights}
        until = {"until_date": 0} if status == "kicked" else {}
        return {"user": world.bot, "status": status, **until}

    return world.updates.put(
        "my_chat_member",
        {
            "chat": chat.about,
            "from": by,
            "date": world.now(),
            "old_chat_member": place(before),
            "new_chat_member": place(after),
        },
    )
