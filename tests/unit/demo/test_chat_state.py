from typing import Any

from demo.chat_state import ExpectedMessage, missing_marks, missing_messages, surplus_marks, wrong_texts

D, M1, M2 = "d" * 24, "1" * 24, "2" * 24
EXPECTED = {
    M1: ExpectedMessage(D, "one", frozenset({1, 2}), frozenset({1, 2, 3})),
    M2: ExpectedMessage(D, "two", frozenset({1, 2}), frozenset({1, 2, 3})),
}


def document(message_id: str, **changes: Any) -> dict[str, Any]:
    expected = EXPECTED[message_id]
    right = {
        "_id": message_id,
        "chat_dialog_id": D,
        "message": expected.text,
        "read_ids": sorted(expected.read_by),
        "delivered_ids": sorted(expected.delivered_to),
    }
    return right | changes


def all_complaints(*documents: dict[str, Any]) -> list[str]:
    checks = (missing_messages, wrong_texts, missing_marks, surplus_marks)
    return [complaint for check in checks for complaint in check(EXPECTED, documents)]


def test_the_chat_as_it_should_be_has_no_complaints() -> None:
    assert all_complaints(document(M1), document(M2)) == []


def test_the_order_of_the_users_does_not_matter() -> None:
    assert all_complaints(document(M1, read_ids=[2, 1]), document(M2)) == []


def test_a_missing_reader_is_named_once_for_all_messages_of_a_dialog() -> None:
    documents = document(M1, read_ids=[1]), document(M2, read_ids=[1])
    assert all_complaints(*documents) == [f"dialog {D}: not marked read by user 2: 2 message(s), the first {M1}"]


def test_a_missing_deliverer_is_found_on_one_message_alone() -> None:
    complaints = all_complaints(document(M1), document(M2, delivered_ids=[1, 2]))
    assert complaints == [f"dialog {D}: not marked delivered by user 3: 1 message(s), the first {M2}"]


def test_someone_too_many_is_found() -> None:
    complaints = all_complaints(document(M1), document(M2, read_ids=[1, 2, 9]))
    assert complaints == [f"dialog {D}: wrongly marked read by user 9: 1 message(s), the first {M2}"]


def test_an_old_text_is_found_and_both_texts_are_shown() -> None:
    complaints = all_complaints(document(M1, message="old"), document(M2))
    assert complaints == [f"dialog {D}, message {M1}: expected 'one', found 'old'"]


def test_a_message_that_has_gone_is_found() -> None:
    assert all_complaints(document(M1)) == [f"message {M2}: it has gone"]


def test_a_message_that_nobody_wrote_is_found() -> None:
    stray = document(M1, _id="9" * 24)
    assert all_complaints(document(M1), document(M2), stray) == [f"message {'9' * 24}: nobody has written it"]
