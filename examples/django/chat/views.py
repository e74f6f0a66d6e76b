"""What clients report: dialogs that were opened, messages that were edited."""

from __future__ import annotations

import json
from typing import cast

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_POST

from receipt_sync import EditMessage, MarkRead

from .models import Membership, Message, User
from .receipts import record_after_commit

DIALOGS_MAX = 500


class EditForm(forms.Form):
    """The new text of a message."""

    text = forms.CharField(max_length=5_000, strip=False)


@require_GET
@login_required
def dialogs(request: HttpRequest) -> HttpResponse:
    """What the user is in, and has read: `{"dialogs": {dialog id: message id, or "" for never opened}}`."""
    user = cast("User", request.user)
    memberships = Membership.objects.filter(user=user).order_by("dialog_id")
    return JsonResponse({"dialogs": dict(memberships.values_list("dialog_id", "read_up_to"))})


@require_POST
@login_required
@transaction.atomic
def read(request: HttpRequest) -> HttpResponse:
    """Dialogs were opened: `{"dialogs": {dialog id: id of its newest message}}`, all of them or none."""
    user = cast("User", request.user)
    opened = _opened(request.body)
    record_after_commit(
        *(MarkRead(dialog_id=dialog, user_id=user.quickblox_id, up_to=newest) for dialog, newest in opened.items())
    )
    for dialog, newest in opened.items():
        if not Membership.objects.filter(user=user, dialog_id=dialog).update(read_up_to=newest):
            # Takes back what was written above, and the receipts of all the others.
            raise Http404(f"you are not in dialog {dialog}")
    return HttpResponse(status=204)


@require_POST
@login_required
@transaction.atomic
def edit(request: HttpRequest, message_id: str) -> HttpResponse:
    """A message of one's own now says `text`."""
    user = cast("User", request.user)
    form = EditForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"error": form.errors}, status=400)
    message = get_object_or_404(Message.objects.select_for_update(), pk=message_id, author=user)
    message.text = form.cleaned_data["text"]
    message.revision += 1
    message.save(update_fields=["text", "revision"])
    record_after_commit(
        EditMessage(
            dialog_id=message.dialog_id,
            message_id=message.id,
            text=message.text,
            user_id=user.quickblox_id,
            # Counted by the row that is locked: edits have the order of the database, not of the servers' clocks.
            revision=message.revision,
        )
    )
    return JsonResponse({"revision": message.revision})


def _opened(body: bytes) -> dict[str, str]:
    try:
        opened = json.loads(body)["dialogs"]
    except (ValueError, TypeError, KeyError):
        opened = None
    if not isinstance(opened, dict) or not 1 <= len(opened) <= DIALOGS_MAX:
        raise BadRequest(f'expected {{"dialogs": {{dialog id: message id, …}}}} with 1 to {DIALOGS_MAX} of them')
    return opened
