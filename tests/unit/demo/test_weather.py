from typing import Any

from demo.weather import FAIR, SPELLS, Past, Spell, Weather, spell_at
from sandbox.faults import Faults

RAIN = Spell(1.0, 2.0, "rain", {"outage": True})


class Sky:
    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []

    def faults(self, **fields: Any) -> dict[str, Any]:
        self.seen.append(fields)
        return fields


def test_a_spell_lasts_from_its_beginning_to_before_its_end() -> None:
    spells = [spell_at(at_s, [RAIN]) for at_s in (0.9, 1.0, 1.9, 2.0)]
    assert spells == [None, RAIN, RAIN, None]


def test_the_weather_changes_once_for_each_beginning_and_end() -> None:
    sky = Sky()
    weather = Weather(sky, [RAIN])
    for elapsed_s in (0.0, 1.0, 1.5, 2.0, 3.0):
        weather.follow(elapsed_s)
    assert sky.seen == [{**FAIR, "outage": True}, dict(FAIR)]


def test_what_is_over_is_remembered_from_before_its_beginning_to_after_its_end() -> None:
    now_s = iter((100.0, 200.0, 300.0))
    weather = Weather(Sky(), [RAIN], clock=lambda: next(now_s))
    weather.follow(1.0)
    assert (weather.name, weather.past) == ("rain", [])
    weather.clear()
    assert (weather.name, weather.past) == ("fair", [Past("rain", 100.0, 300.0)])


def test_the_sandbox_knows_every_fault_of_the_script() -> None:
    for spell in SPELLS:
        assert Faults(**FAIR, **spell.faults).rate_per_s == FAIR["rate_per_s"]


def test_the_spells_follow_each_other() -> None:
    times_s = [time_s for spell in SPELLS for time_s in (spell.begins_s, spell.ends_s)]
    assert times_s == sorted(times_s)
