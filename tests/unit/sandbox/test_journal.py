import asyncio

from sandbox.counts import BusiestSecond
from sandbox.journal import Entry, Journal


def arrive(journal: Journal, times: int = 1, method: str = "PUT") -> list[Entry]:
    return [journal.arrive(method, "/p", "", [(b"Host", b"h")]) for _ in range(times)]


def seqs(entries: list[Entry]) -> list[int]:
    return [entry.seq for entry in entries]


def test_a_call_is_visible_at_arrival() -> None:
    journal = Journal(clock=lambda: 5.0)
    arrive(journal)
    shown = journal.after(0, 10)[0].document()
    assert (shown["seq"], shown["arrived"], shown["ended"], shown["status"]) == (1, 5.0, None, None)
    assert shown["headers"] == {"host": "h"}


def test_pages_go_on_after_a_number() -> None:
    journal = Journal()
    arrive(journal, 5)
    assert seqs(journal.after(0, 2)) == [1, 2]
    assert seqs(journal.after(2, 2)) == [3, 4]
    assert seqs(journal.after(4, 2)) == [5]
    assert journal.after(5, 2) == []


def test_only_the_newest_are_kept() -> None:
    journal = Journal(kept=3)
    arrive(journal, 8)
    assert seqs(journal.after(0, 10)) == [6, 7, 8]
    assert seqs(journal.after(7, 10)) == [8]
    assert len(journal._ring) == 3


def test_numbers_go_on_after_clearing() -> None:
    journal = Journal(kept=3)
    arrive(journal, 5)
    journal.clear()
    assert journal.after(0, 10) == []
    arrive(journal, 2)
    assert seqs(journal.after(0, 10)) == [6, 7]
    arrive(journal, 3)
    assert seqs(journal.after(0, 10)) == [8, 9, 10]


def test_counts_tell_calls_puts_statuses_and_what_is_open() -> None:
    journal = Journal()
    put, hung, _get = *arrive(journal, 2), *arrive(journal, 1, "GET")
    put.status = 200
    journal.end(put)
    journal.end(hung)
    shown = journal.counts.as_document()
    assert (shown["calls"], shown["puts"], shown["open"]) == (3, 2, 1)
    assert shown["by_status"] == {"200": 1, "none": 1}


def test_clearing_keeps_open_calls_open_and_out_of_the_new_statuses() -> None:
    journal = Journal()
    [old] = arrive(journal)
    journal.clear()
    assert journal.counts.open == 1
    journal.end(old)
    shown = journal.counts.as_document()
    assert (shown["open"], shown["calls"], shown["by_status"]) == (0, 0, {})


def test_header_lines_that_repeat_are_kept_once() -> None:
    journal = Journal()
    first, second = arrive(journal, 2)
    assert first.headers[0] is second.headers[0]


def test_a_body_that_is_not_utf_8_is_shown_all_the_same() -> None:
    [entry] = arrive(Journal())
    entry.body = b"a\xff"
    assert entry.document()["body"] == "a\ufffd"


def test_the_busiest_second_is_half_open_and_may_start_anywhere() -> None:
    busiest = BusiestSecond()
    for at_s in (0.0, 0.5, 1.0, 1.4, 1.45, 3.0):
        busiest.add(at_s)
    assert busiest.peak == 4
    exact = BusiestSecond()
    for at_s in (0.0, 1.0, 2.0):
        exact.add(at_s)
    assert exact.peak == 1


def test_waiting_ends_with_the_call_that_was_waited_for() -> None:
    async def story() -> bool:
        journal = Journal()
        waiting = asyncio.create_task(journal.wait_until(lambda: journal.last_seq >= 2, 30.0))
        await asyncio.sleep(0)  # no time passes: the waiting task gets its turn
        arrive(journal)
        await asyncio.sleep(0)  # and again
        assert not waiting.done()
        arrive(journal)
        return await waiting

    assert asyncio.run(story())


def test_waiting_in_vain_says_so() -> None:
    async def story() -> tuple[bool, bool]:
        journal = Journal()
        return await journal.wait_until(lambda: False, 0.0), await journal.wait_until(lambda: False, 0.001)

    assert asyncio.run(story()) == (False, False)
