from traffic.arrivals import Arrival
from traffic.day import GROUP, PRIVATE, Day, Dialog, Message

D1, D2 = "d" * 24, "e" * 24
M1, M2 = "a" * 24, "b" * 24

DAY = Day(
    users=(1, 2, 3),
    dialogs=(Dialog(D1, GROUP, (1, 2, 3)), Dialog(D2, PRIVATE, (1, 2))),
    messages=(Message(M1, D1, 1, "helo", 0.0), Message(M2, D1, 2, "well", 1.0)),
    arrivals=(
        Arrival(1.0, "delivered", D1, 2, M1, 0),
        Arrival(2.0, "read", D1, 2, M1, 0),
        Arrival(2.5, "edit", D1, 1, M1, 2, "hello!"),
        Arrival(2.6, "edit", D1, 1, M1, 1, "hello"),
        Arrival(3.0, "read", D1, 2, M2, 0),
        Arrival(3.0, "delivered", D1, 3, M1, 0),
    ),
)


def test_readers_are_those_who_marked_the_dialog_read() -> None:
    assert DAY.expected_readers() == {D1: {2}, D2: frozenset()}


def test_deliverers_are_those_to_whom_it_was_marked_delivered() -> None:
    assert DAY.expected_deliverers() == {D1: {2, 3}, D2: frozenset()}


def test_the_highest_revision_wins_whenever_it_arrives_and_other_texts_stay() -> None:
    assert DAY.expected_texts() == {M1: "hello!", M2: "well"}
