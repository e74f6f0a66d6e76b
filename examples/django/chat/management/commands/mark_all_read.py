"""`python manage.py mark_all_read NAME`: everything is read, for a user who has asked for it."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError, CommandParser
from redis import RedisError

from receipt_sync import MarkRead

from ...models import Membership, User
from ...receipts import queue


class Command(BaseCommand):
    """Marks all dialogs of a user as read."""

    help = "Marks all dialogs of a user as read."

    def add_arguments(self, parser: CommandParser) -> None:
        """The user's name."""
        parser.add_argument("username")

    def handle(self, *, username: str, **_options: object) -> None:
        """Raises CommandError where there is no such user, or Redis was not reached."""
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"there is no user {username!r}")
        dialogs = list(Membership.objects.filter(user=user).values_list("dialog_id", flat=True))
        try:
            queue().record_many(MarkRead(dialog_id=dialog, user_id=user.quickblox_id) for dialog in dialogs)
            # This process ends now, and its memory with it.
            left = queue().flush()
        except RedisError as error:
            raise CommandError(f"Redis was not reached ({type(error).__name__}): try again") from error
        if left:
            raise CommandError(f"Redis was not reached: {left} of {len(dialogs)} dialogs are not recorded, try again")
        self.stdout.write(f"{len(dialogs)} dialogs recorded as read")
