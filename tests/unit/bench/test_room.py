"""What fills the slots."""

from bench.room import MANY_SLOTS, ONE_SLOT, RECEIPTS, id_of, text_of


def slot_of(receipt: object) -> str:
    wire = receipt.wire(0) if hasattr(receipt, "revision") else receipt.wire()  # type: ignore[attr-defined]
    return str(wire[1])


def test_every_kind_fills_one_slot() -> None:
    for name, kind in ONE_SLOT.items():
        assert len({slot_of(kind(number)) for number in range(20)}) == 1, name


def test_every_kind_fills_many_slots() -> None:
    for name, kind in MANY_SLOTS.items():
        assert len({slot_of(kind(number)) for number in range(20)}) == 20, name


def test_texts_differ_and_have_one_length() -> None:
    texts = {text_of(number) for number in (0, 9, RECEIPTS[-1] - 1)}
    assert len(texts) == 3
    assert len({len(text) for text in texts}) == 1


def test_ids_are_object_ids() -> None:
    assert id_of(255) == "0" * 22 + "ff"
