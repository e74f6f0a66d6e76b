"""Holdings are shared by fork; each program here is a main process of its own."""

from __future__ import annotations

import subprocess
import sys

BEGINNING = """
import os, signal
from worker.holdings import Holdings

holdings = Holdings()

def child(*steps):
    heard, says = os.pipe()
    pid = os.fork()
    if pid == 0:
        for step in steps:
            step()
        os.write(says, b".")
        signal.pause()
    os.read(heard, 1)
    return pid

def kill(pid):
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)

def note(*claims):
    return lambda: holdings.note({"default": claims})
"""


def said(program: str) -> list[str]:
    """What a program prints, line by line."""
    done = subprocess.run([sys.executable, "-c", BEGINNING + program], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_what_a_killed_process_held_is_lost_until_it_is_forgotten() -> None:
    lines = said("""
pid = child(holdings.begin, note(("m:d:u1", 7), ("m:d:u2", 8)), note(("m:d:u2", 8)))
print(holdings.running(), holdings.lost())
kill(pid)
[lost] = holdings.lost()
print(holdings.running(), lost.claims)
holdings.forget(lost)
print(holdings.lost())
""")
    assert lines == ["True []", "False {'default': [('m:d:u2', 8)]}", "[]"]


def test_a_process_that_has_ended_its_task_holds_nothing() -> None:
    lines = said("""
pid = child(holdings.begin, note(("m:d:u1", 7)), holdings.end)
print(holdings.running(), holdings.lost())
kill(pid)
print(holdings.lost())
""")
    assert lines == ["False []", "[]"]


def test_a_process_takes_no_place_that_holds_what_another_left() -> None:
    lines = said("""
kill(child(holdings.begin, note(("m:d:u1", 7))))
other = child(holdings.begin, note(("m:d:u2", 8)))
print(holdings.running(), [lost.claims for lost in holdings.lost()])
kill(other)
print([lost.claims for lost in holdings.lost()])
""")
    assert lines == [
        "True [{'default': [('m:d:u1', 7)]}]",
        "[{'default': [('m:d:u1', 7)]}, {'default': [('m:d:u2', 8)]}]",
    ]


def test_more_than_fits_is_left_to_the_leases() -> None:
    lines = said("""
kill(child(holdings.begin, note(*[(f"m:d:u{n}", 7) for n in range(100_000)])))
print([lost.claims for lost in holdings.lost()])
""")
    assert lines == ["[{}]"]


def test_a_main_process_that_runs_tasks_itself_notes_nothing() -> None:
    assert said("holdings.begin(); holdings.note({'default': [('m:d:u1', 7)]}); print(holdings.lost())") == ["[]"]


ENTERING = """
import time

def enter(most, lasting_s=0.2):
    return lambda: os.write(answers, b"y" if holdings.enter_sync(most, lasting_s) else b"n")

read_answers, answers = os.pipe()

def answer():
    return os.read(read_answers, 1).decode()
"""


def test_so_many_syncs_at_once_and_no_more_when_the_others_last() -> None:
    lines = said(
        ENTERING
        + """
first, second = child(holdings.begin, enter(2), note(("m:d:u1", 7))), child(holdings.begin, enter(2))
records = child(holdings.begin)
begun_s = time.monotonic()
third = child(holdings.begin, enter(2))
print(answer(), answer(), answer(), time.monotonic() - begun_s >= 0.1)
kill(second)
fourth = child(holdings.begin, enter(2))
print(answer())
for pid in (first, records, third, fourth):
    kill(pid)
"""
    )
    assert lines == ["y y n True", "y"]


def test_a_sync_that_is_over_makes_room_for_the_next() -> None:
    lines = said(
        ENTERING
        + """
pids = [child(holdings.begin, enter(1, 60), holdings.end), child(holdings.begin, enter(1, 60))]
print(answer(), answer(), holdings.running())
for pid in pids:
    kill(pid)
"""
    )
    assert lines == ["y y True"]


def test_a_sync_that_claims_no_more_turns_nobody_away_while_its_task_ends() -> None:
    lines = said(
        ENTERING
        + """
first = child(holdings.begin, enter(1, 0), note(("m:d:u1", 7)), note(), holdings.leave_sync)
second = child(holdings.begin, enter(1, 0))
print(answer(), answer(), holdings.running())
kill(first)
print([lost.claims for lost in holdings.lost()])
kill(second)
"""
    )
    assert lines == ["y y True", "[{}]"]


def test_nobody_waits_for_ever_behind_one_quick_sync_after_another() -> None:
    lines = said(
        ENTERING
        + """
pids = [child(holdings.begin, enter(1, 60)), child(holdings.begin, enter(1, 60))]
print(answer(), answer())
for pid in pids:
    kill(pid)
"""
    )
    assert lines == ["y n"]


def test_of_several_that_look_together_no_more_than_there_is_room_for_enter() -> None:
    lines = said(
        ENTERING
        + """
pids, (heard, go) = [], os.pipe()
for _ in range(8):
    pids.append(os.fork())
    if pids[-1] == 0:
        os.close(go)
        holdings.begin()
        os.read(heard, 1)
        enter(3, 0)()
        signal.pause()
os.close(go)
print("".join(sorted(answer() for _ in pids)))
for pid in pids:
    kill(pid)
"""
    )
    assert lines == ["nnnnnyyy"]


def test_one_process_has_the_seat_and_its_death_frees_it() -> None:
    lines = said("""
say = lambda what: print(what, flush=True)
print(holdings.take_seat(), holdings.is_seat_taken(), flush=True)  # a pool of threads
first = child(holdings.begin, lambda: say(holdings.take_seat()))
print(holdings.is_seat_taken(), flush=True)
other = child(holdings.begin, lambda: say(holdings.take_seat()))
kill(first)
print(holdings.is_seat_taken(), flush=True)
kill(child(holdings.begin, lambda: say(holdings.take_seat()), holdings.leave_seat))
print(holdings.is_seat_taken(), flush=True)
kill(other)
""")
    assert lines == ["False False", "True", "True", "False", "False", "True", "False"]


def test_a_process_at_work_gives_signs_of_life_and_a_dead_one_none() -> None:
    lines = said("""
import time
pid = child(holdings.begin)
[(worked, first)] = holdings.working().items()
print(worked == pid, 0 <= time.monotonic() - first < 5)
kill(pid)
print(holdings.working())
pid = child(holdings.begin, holdings.end)
print(holdings.working())
kill(pid)
""")
    assert lines == ["True True", "{}", "{}"]
