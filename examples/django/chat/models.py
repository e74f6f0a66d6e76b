"""What this project itself knows of the chat. Ids are QuickBlox' own."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.core.validators import MinValueValidator
from django.db import models

ID_CHARS = 24


class User(AbstractUser):
    """Whoever logs in here, and whom QuickBlox knows by a number of its own."""

    quickblox_id = models.PositiveBigIntegerField(unique=True, validators=[MinValueValidator(1)])

    REQUIRED_FIELDS = ["email", "quickblox_id"]  # noqa: RUF012 - Django's own form


class Membership(models.Model):
    """A user is in a dialog, and has read it up to a message (empty: never opened)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    dialog_id = models.CharField(max_length=ID_CHARS)
    read_up_to = models.CharField(max_length=ID_CHARS, blank=True)

    class Meta:
        """Once in each dialog."""

        constraints = (models.UniqueConstraint(fields=["user", "dialog_id"], name="once_in_a_dialog"),)

    def __str__(self) -> str:
        return f"{self.user} in {self.dialog_id}"


class Message(models.Model):
    """A message as it stands now; `revision` counts its edits."""

    id = models.CharField(primary_key=True, max_length=ID_CHARS)
    dialog_id = models.CharField(max_length=ID_CHARS)
    author = models.ForeignKey(User, on_delete=models.CASCADE, related_name="messages")
    text = models.TextField()
    revision = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.id
