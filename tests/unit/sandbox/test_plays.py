"""The letterbox between the page and the players."""

from sandbox.plays import MOST_WAITING, Offer, Play, Plays, Standing

STORM = Play(name="storm", label="A storm", does="everything at once")


def test_a_button_that_is_offered_waits_for_its_player() -> None:
    plays = Plays()
    plays.offer = Offer(plays=[STORM])
    assert plays.press("storm")
    assert plays.take() == ["storm"]
    assert plays.take() == []


def test_one_that_nobody_offers_is_refused() -> None:
    assert not Plays().press("storm")


def test_an_impatient_finger_fills_no_memory() -> None:
    plays = Plays()
    plays.offer = Offer(plays=[STORM])
    assert [plays.press("storm") for _ in range(MOST_WAITING + 1)] == [True] * MOST_WAITING + [False]


def test_the_page_is_told_what_the_player_told() -> None:
    plays = Plays()
    assert plays.document() == {"plays": [], "playing": [], "receipts": None}
    plays.offer = Offer(plays=[STORM], playing=["storm"], receipts=Standing(recorded=3, covered=2, pending=1))
    told = plays.document()
    assert (told["playing"], told["receipts"]["recorded"]) == (["storm"], 3)
