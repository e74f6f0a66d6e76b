"""`python manage.py test`: what is recorded, and when. No Redis: the queue is a fake that checks as the real one."""

from __future__ import annotations

from io import StringIO
from unittest import mock

import redis
from django.core.management import CommandError, call_command
from django.test import TransactionTestCase

from receipt_sync import EditMessage, MarkRead
from receipt_sync.testing import FakeReceiptQueue

from . import receipts
from .management.commands import mark_all_read
from .models import Membership, Message, User
from .receipts import queue

DIALOG, OTHER, FOREIGN = "53a99a7be4b094c7c6d31b41", "53a99a7be4b094c7c6d31b42", "f" * 24
MESSAGE = "53aabe15e4b077ddd43e7fd3"


class ChatTestCase(TransactionTestCase):
    """A logged-in user, a queue that remembers, and transactions that are really committed.

    With `TestCase`, whose transactions are not, use `captureOnCommitCallbacks(execute=True)`.
    """

    fixtures = ("demo",)

    def setUp(self) -> None:
        self.queue = FakeReceiptQueue()
        for module in (receipts, mark_all_read):
            patched = mock.patch.object(module, "queue", return_value=self.queue)
            patched.start()
            self.addCleanup(patched.stop)
        self.client.force_login(User.objects.get(username="ann"))


class ReadTests(ChatTestCase):
    def _read(self, **dialogs: str) -> int:
        answer = self.client.post("/read/", {"dialogs": dialogs}, content_type="application/json")
        self.answer = answer.content.decode()
        return answer.status_code

    def test_what_was_opened_is_recorded(self) -> None:
        assert self._read(**{DIALOG: MESSAGE}) == 204
        assert self.queue.recorded == [MarkRead(dialog_id=DIALOG, user_id=123, up_to=MESSAGE)]
        assert self.client.get("/").json() == {"dialogs": {DIALOG: MESSAGE, OTHER: ""}}

    def test_a_rolled_back_request_records_nothing(self) -> None:
        assert self._read(**{DIALOG: MESSAGE, FOREIGN: MESSAGE}) == 404
        assert self.queue.recorded == []
        assert Membership.objects.get(dialog_id=DIALOG).read_up_to == ""

    def test_a_wrong_id_is_the_clients_error(self) -> None:
        assert self._read(**{DIALOG: "the last one"}) == 400
        assert "up_to: expected 24 lower-case hex digits" in self.answer
        assert Membership.objects.get(dialog_id=DIALOG).read_up_to == ""

    def test_another_shape_is_the_clients_error(self) -> None:
        for body in ("", "[]", '{"dialogs": []}', '{"dialogs": {}}'):
            answer = self.client.post("/read/", body, content_type="application/json")
            assert answer.status_code == 400, body
            assert "expected" in answer.json()["error"]

    def test_redis_is_down_and_the_buffer_is_full(self) -> None:
        self.queue.error = redis.ConnectionError()
        with self.assertLogs("chat", "ERROR"):
            assert self._read(**{DIALOG: MESSAGE}) == 503
        # Committed all the same; the client tries again, which does no harm.
        assert Membership.objects.get(dialog_id=DIALOG).read_up_to == MESSAGE

    def test_nobody_in_particular_reads_nothing(self) -> None:
        self.client.logout()
        assert self._read(**{DIALOG: MESSAGE}) == 302
        assert self.queue.recorded == []


class EditTests(ChatTestCase):
    def _edit(self, text: str, message_id: str = MESSAGE) -> int:
        return self.client.post(f"/messages/{message_id}/edit/", {"text": text}).status_code

    def test_edits_are_counted_by_the_database(self) -> None:
        assert [self._edit("hello"), self._edit("hello!")] == [200, 200]
        assert self.queue.recorded == [
            EditMessage(dialog_id=DIALOG, message_id=MESSAGE, text=text, user_id=123, revision=revision)
            for revision, text in ((1, "hello"), (2, "hello!"))
        ]

    def test_a_text_that_cannot_be_sent_is_not_stored_either(self) -> None:
        for text in ("", "a\x07bell", "x" * 5_001):
            assert self._edit(text) == 400, text
        assert self.queue.recorded == []
        assert Message.objects.get().text == "helo"

    def test_somebody_elses_message_is_not_found(self) -> None:
        self.client.force_login(User.objects.create(username="bob", quickblox_id=7))
        assert self._edit("mine now") == 404
        assert self.queue.recorded == []


class MarkAllReadTests(ChatTestCase):
    def test_every_dialog_of_the_user(self) -> None:
        said = StringIO()
        call_command("mark_all_read", "ann", stdout=said)
        assert self.queue.recorded == [MarkRead(dialog_id=each, user_id=123) for each in (DIALOG, OTHER)]
        assert "2 dialogs" in said.getvalue()

    def test_what_was_not_recorded_is_said(self) -> None:
        self.queue.error = redis.ConnectionError()
        with self.assertRaisesMessage(CommandError, "try again"):
            call_command("mark_all_read", "ann")

    def test_an_unknown_user_is_said(self) -> None:
        with self.assertRaisesMessage(CommandError, "no user 'bob'"):
            call_command("mark_all_read", "bob")


class ProjectTests(ChatTestCase):
    def test_migrations_are_up_to_date(self) -> None:
        call_command("makemigrations", "--check", "--dry-run", verbosity=0)

    def test_the_queue_is_made_when_django_starts_and_names_what_is_missing(self) -> None:
        assert queue.cache_info().currsize == 1
        with self.settings(RECEIPTS={}), self.assertRaisesMessage(ValueError, "REDIS_URL: expected"):
            queue.__wrapped__()
