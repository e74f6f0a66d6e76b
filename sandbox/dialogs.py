"""The calls on dialogs."""

from sandbox.answers import Answer, json_answer
from sandbox.asked import Asked
from sandbox.bodies import count, user_ids
from sandbox.errors import invalid
from sandbox.records import GROUP, PRIVATE, PUBLIC
from sandbox.world import World

PAGE = 100
TYPES = {str(kind): kind for kind in (PUBLIC, GROUP, PRIVATE)}


class DialogCalls:
    """`/chat/Dialog…`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def create(self, asked: Asked) -> Answer:
        """`POST /chat/Dialog.json` → 201 and the dialog; its creator is an occupant."""
        kind = TYPES.get(str(asked.fields.get("type")))
        if kind is None:
            raise invalid("type", "must be 1, 2 or 3")
        others = user_ids(asked.fields.get("occupants_ids"), "occupants_ids")
        if kind == PRIVATE and len({*others, asked.user_id}) != 2:  # noqa: PLR2004 - two make it private
            raise invalid("occupants_ids", "must name one other user")
        name = asked.fields.get("name")
        dialog = self._world.add_dialog(
            kind,
            [asked.user_id, *others],
            user_id=asked.user_id,
            name=None if name is None else str(name),
            dialog_id=None,
        )
        return json_answer(dialog.document(asked.user_id), 201)

    def show(self, asked: Asked) -> Answer:
        """`GET /chat/Dialog/{id}.json` → the dialog."""
        return json_answer(asked.dialog(self._world, asked.ids, "_id").document(asked.user_id))

    def page(self, asked: Asked) -> Answer:
        """`GET /chat/Dialog.json`: the caller's group and private dialogs, the latest message first [?]."""
        dialogs = self._world.dialogs_of(asked.user_id)
        skip, limit = count(asked.query, "skip", 0, 2**31), count(asked.query, "limit", PAGE, PAGE)
        items = [dialog.document(asked.user_id) for dialog in dialogs[skip : skip + limit]]
        return json_answer({"total_entries": len(dialogs), "skip": skip, "limit": limit, "items": items})
