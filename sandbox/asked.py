"""One call, as its handlers see it: who asks for what, under which faults."""

from dataclasses import dataclass

from sandbox.bodies import Fields, flag, object_id
from sandbox.errors import forbidden, not_found, rejected
from sandbox.faults import Faults
from sandbox.records import Dialog
from sandbox.world import World


@dataclass(frozen=True, slots=True)
class Asked:
    """A call whose caller is known and whose body has been read.

    Attributes:
        user_id: The acting user.
        ids: What stands between the resource and `.json` in the path; empty where nothing does.
        fields: The body's fields.
        query: The query's parameters.
        faults: The faults in force when the call arrived.
    """

    user_id: int
    ids: str
    fields: Fields
    query: dict[str, str]
    faults: Faults

    @property
    def for_everyone(self) -> bool:
        """Whether a deletion is meant for all users [A]: `force=1`, which clients send as a body or in the query."""
        return flag(self.fields, "force") or flag({**self.query}, "force")

    def several_ids(self) -> list[str]:
        """Return the ids of the path, each once, in their order; raises ApiError 422 when one of them is none."""
        return list(dict.fromkeys(object_id(one, "_id") for one in self.ids.split(",")))

    def dialog(self, world: World, value: object, field: str) -> Dialog:
        """Return the dialog that a value names.

        Raises:
            ApiError: 422 for a missing or malformed id, 404 for an unknown one, 403 for a dialog that is not the
                caller's; the faults' status for one that they reject.
        """
        dialog_id = object_id(value, field)
        if dialog_id in self.faults.rejected_dialogs:
            raise rejected(self.faults.rejected_status, field)
        dialog = world.dialogs.get(dialog_id)
        if dialog is None or self.user_id in dialog.hidden_from:
            raise not_found()
        if not dialog.admits(self.user_id):
            raise forbidden()
        return dialog
