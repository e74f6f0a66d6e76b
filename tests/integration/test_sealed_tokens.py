"""Session tokens that lie sealed in Redis, on the real ledger and through the service session."""

from __future__ import annotations

import base64
import logging
from dataclasses import replace

import pytest
import redis

from receipt_sync import EditMessage, MarkRead, TokenSeal
from receipt_sync.sealing import MARK
from tests.contract.scripted_server import ScriptedServer
from tests.everything import everything
from tests.integration.ledger.real import PREFIX, RealLedger
from tests.integration.session.stage import PUT, Stage, opened, session_of
from worker.ledger import Again, Dead, Done
from worker.ledger.outcomes import Part
from worker.verdicts import Sent, Unsent

DIALOG, OTHER_DIALOG = "53a99a7be4b094c7c6d31b41", "53a99a7be4b094c7c6d31b42"
MESSAGE = "53a99a7be4b094c7c6d31b43"
TOKEN, NEWER = "bfa6d94f5c3d2e1a0b9c8d7e6f5a4b3c2d1e0f9a", "afa6d94f5c3d2e1a0b9c8d7e6f5a4b3c2d1e0f9b"
OLD_KEY, NEW_KEY = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
SEAL, OLD_SEAL = TokenSeal.from_text(NEW_KEY), TokenSeal.from_text(OLD_KEY)
READ = MarkRead(dialog_id=DIALOG, user_id=123, token=TOKEN)
EDIT = EditMessage(dialog_id=DIALOG, message_id=MESSAGE, text="now says", user_id=123, token=TOKEN)
BY_TOKEN_ALONE = MarkRead(dialog_id=DIALOG, token=TOKEN)
REFUSED = Again("the session token was refused", verdict="unauthorized", wants_token=True)


def test_no_token_lies_open_in_redis_and_each_claim_has_its_own(redis_client: redis.Redis) -> None:
    ledger = RealLedger(redis_client, seals=(SEAL, SEAL))
    ledger.record([READ, EDIT, BY_TOKEN_ALONE])
    assert TOKEN.encode() not in everything(redis_client)
    assert MARK.encode() in everything(redis_client)
    assert {claim.token for claim in ledger.claim()} == {TOKEN}
    assert TOKEN.encode() not in everything(redis_client)


def test_a_refused_token_is_known_again_though_it_is_sealed(redis_client: redis.Redis) -> None:
    ledger = RealLedger(redis_client, seals=(SEAL, SEAL))
    ledger.record([READ])
    (claim,) = ledger.claim()
    ledger.settle(claim.slot, claim.generation, REFUSED)
    ledger.record([READ])
    assert ledger.claim() == []
    ledger.record([MarkRead(dialog_id=OTHER_DIALOG, user_id=123, token=NEWER)])
    assert {claim.token for claim in ledger.claim()} == {NEWER}


def test_after_a_change_of_keys_what_was_sealed_with_the_old_one_is_sent(redis_client: redis.Redis) -> None:
    both = TokenSeal.from_text(f"{NEW_KEY},{OLD_KEY}")
    ledger = RealLedger(redis_client, seals=(OLD_SEAL, both))
    ledger.record([READ])
    (claim,) = ledger.claim()
    assert claim.token == TOKEN


@pytest.mark.parametrize("opening", [TokenSeal(), OLD_SEAL])
def test_without_its_key_a_receipt_waits_and_says_why(
    redis_client: redis.Redis, opening: TokenSeal, caplog: pytest.LogCaptureFixture
) -> None:
    lacking = RealLedger(redis_client, seals=(SEAL, opening), give_up_ms="0", token_wait_ms="0")
    lacking.record([READ])
    for _ in range(3):
        lacking.come_due()
        assert lacking.claim() == []
    assert lacking.letters() == []
    (said,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "RECEIPTS_TOKEN_KEYS" in said.getMessage()
    (slot,) = (key.decode() for key in redis_client.scan_iter(f"{PREFIX}:m:*"))
    assert "RECEIPTS_TOKEN_KEYS" in lacking.fields(slot.removeprefix(f"{PREFIX}:"))["w"]
    assert redis_client.hget(slot, "a") is None
    having = RealLedger(redis_client, seals=(SEAL, SEAL))
    having.come_due()
    (claim,) = having.claim()
    assert claim.token == TOKEN
    assert having.settle(claim.slot, claim.generation, Done(Part(flags="r")))


def test_a_token_that_was_moved_to_another_user_sends_nothing_for_its_owner(redis_client: redis.Redis) -> None:
    ledger = RealLedger(redis_client, seals=(SEAL, SEAL))
    ledger.record([READ, MarkRead(dialog_id=DIALOG, user_id=7, token=NEWER)])
    stolen = redis_client.hget(f"{PREFIX}:m:{DIALOG}:s123", "k")
    redis_client.hset(f"{PREFIX}:m:{DIALOG}:s7", "k", stolen)
    redis_client.delete(f"{PREFIX}:t:s7")
    assert {claim.slot.rpartition(":")[2] for claim in ledger.claim()} == {"s123"}
    (letter,) = ledger.letters()
    assert letter["reason"].startswith("unreadable: ")
    assert TOKEN not in str(letter)


def test_what_was_recorded_before_there_were_keys_is_sent(redis_client: redis.Redis) -> None:
    ledger = RealLedger(redis_client, seals=(TokenSeal(), SEAL))
    ledger.record([READ])
    (claim,) = ledger.claim()
    assert claim.token == TOKEN


def test_after_the_last_settle_neither_token_nor_text_is_left(redis_client: redis.Redis) -> None:
    ledger = RealLedger(redis_client)
    edits = [
        EditMessage(dialog_id=DIALOG, message_id=f"{n:024x}", text=f"text-{n}", user_id=123, token=TOKEN)
        for n in range(3)
    ]
    ledger.record([READ, BY_TOKEN_ALONE, *edits])
    assert b"text-1" in everything(redis_client)
    for claim in ledger.claim():
        ledger.settle(claim.slot, claim.generation, Done(Part(flags="r")))
    # The hint of another actor than the last one's goes by itself, within the token's life (decision 15).
    for hint in redis_client.scan_iter(f"{PREFIX}:t:*"):
        assert 0 < redis_client.pttl(hint) <= 7_200_000
        redis_client.delete(hint)
    left = everything(redis_client)
    assert b"text-" not in left
    assert TOKEN.encode() not in left


def end_their_life(client: redis.Redis) -> None:
    """Makes all tokens as old as they get; a life of a millisecond would be a race with the test's own calls."""
    for slot in [*client.scan_iter(f"{PREFIX}:m:*"), *client.scan_iter(f"{PREFIX}:e:*")]:
        client.hset(slot, "kt", "1")
    for hint in client.scan_iter(f"{PREFIX}:t:*"):
        client.delete(hint)


@pytest.mark.parametrize("receipt", [READ, EDIT])
def test_a_token_whose_life_is_over_is_taken_from_what_waits(
    redis_client: redis.Redis, receipt: MarkRead | EditMessage
) -> None:
    ledger = RealLedger(redis_client, token_life_ms="3600000", gather_min_ms="60000")
    ledger.record([receipt])
    assert ledger.ledger.fade_tokens() == 0
    assert TOKEN.encode() in everything(redis_client)
    (hint,) = redis_client.scan_iter(f"{PREFIX}:t:*")
    assert 0 < redis_client.pttl(hint) <= 3_600_000
    end_their_life(redis_client)
    assert ledger.ledger.fade_tokens() == 1
    assert TOKEN.encode() not in everything(redis_client)
    ledger.come_due()
    assert ledger.claim() == []  # waits for another
    ledger.record([replace(receipt, token=NEWER)])
    ledger.come_due()
    assert [claim.token for claim in ledger.claim()] == [NEWER]
    assert redis_client.hget(f"{PREFIX}:counts", "dead") is None


def test_a_token_that_came_again_is_kept_for_its_whole_life(redis_client: redis.Redis) -> None:
    ledger = RealLedger(redis_client, token_life_ms="3600000", gather_min_ms="60000")
    ledger.record([READ])
    (slot,) = ledger.redis.scan_iter(f"{PREFIX}:m:*")
    redis_client.hset(slot, "kt", "1")
    ledger.record([READ])
    assert ledger.ledger.fade_tokens() == 0


def test_more_slots_than_one_step_looks_at_are_seen_to(redis_client: redis.Redis) -> None:
    ledger = RealLedger(redis_client, gather_min_ms="60000")
    ledger.record([MarkRead(dialog_id=f"{n:024x}", user_id=123, token=TOKEN) for n in range(1200)])
    end_their_life(redis_client)
    gone = 0
    for _ in range(5):
        gone += ledger.ledger.fade_tokens()
    assert gone == 1200


def test_what_is_in_flight_keeps_its_token_until_it_has_landed(redis_client: redis.Redis) -> None:
    ledger = RealLedger(redis_client)
    ledger.record([EDIT])
    end_their_life(redis_client)
    (claim,) = ledger.claim()
    assert ledger.ledger.fade_tokens() == 0
    assert ledger.settle(claim.slot, claim.generation, Again("no answer", verdict="unavailable", delay_ms=0))
    assert ledger.ledger.fade_tokens() == 1
    assert ledger.claim() == []


def test_a_dead_letters_text_goes_with_its_letter(redis_client: redis.Redis) -> None:
    ledger = RealLedger(redis_client, dead_keep_ms="1")
    ledger.record([EDIT])
    (claim,) = ledger.claim()
    ledger.settle(claim.slot, claim.generation, Dead("rejected", verdict="rejected"))
    assert b"now says" in everything(redis_client)
    assert TOKEN.encode() not in everything(redis_client)
    while ledger.now_ms() <= int(ledger.letters()[0]["dead_ms"]) + 1:
        pass
    assert ledger.ledger.expire_letters() == 1
    assert b"now says" not in everything(redis_client)


def test_the_service_sessions_token_lies_sealed(redis_client: redis.Redis) -> None:
    with ScriptedServer() as server:
        stage = Stage(redis_client, server)
        stage.script(opened(TOKEN))
        session = session_of(redis_client, server.url, seal=SEAL)
        assert isinstance(session.send(PUT), Unsent)
        assert isinstance(session.send(PUT), Sent)
        assert stage.tokens() == [TOKEN]
        assert TOKEN.encode() not in everything(redis_client)


def test_a_worker_without_the_sessions_key_makes_a_session_of_its_own(redis_client: redis.Redis) -> None:
    with ScriptedServer() as server:
        stage = Stage(redis_client, server)
        stage.script(opened(TOKEN), opened(NEWER))
        session_of(redis_client, server.url, seal=SEAL).send(PUT)
        lacking = session_of(redis_client, server.url, seal=OLD_SEAL)
        assert isinstance(lacking.send(PUT), Unsent)
        assert isinstance(lacking.send(PUT), Unsent)
        assert isinstance(lacking.send(PUT), Sent)
        assert stage.tokens() == [NEWER]
