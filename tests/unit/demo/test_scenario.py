import pytest

from demo.play import receipt_of, recorded_of
from demo.scenario import JOB_DIALOG, JOB_MESSAGE, JOB_USER, RECEIPTS, Scenario
from demo.weather import SPELLS
from receipt_sync import EditMessage, MarkDelivered, MarkRead
from traffic.arrivals import Arrival
from traffic.waits import Recorded

D, M = "d" * 24, "1" * 24


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return Scenario.make(receipts=2_000, chat_s=300.0, speed=60.0)


def test_it_is_played_faster_than_people_live(scenario: Scenario) -> None:
    assert scenario.duration_s == 5.0
    lived_s = [arrival.t_s for arrival in scenario.day.arrivals]
    assert [arrival.t_s for arrival in scenario.arrivals] == pytest.approx([t_s / 60 for t_s in lived_s])


def test_the_sender_and_those_who_marked_the_dialog_stand_on_each_message(scenario: Scenario) -> None:
    expected = scenario.expected()
    for message in scenario.day.messages:
        readers = {one.user for one in scenario.arrivals if one.kind == "read" and one.dialog == message.dialog}
        assert expected[message.id].read_by == readers | {message.sender}


def test_the_jobs_dialog_is_delivered_to_its_user_and_read_by_nobody(scenario: Scenario) -> None:
    message = scenario.expected()[JOB_MESSAGE.id]
    assert message.delivered_to == {JOB_MESSAGE.sender, JOB_USER}
    assert message.read_by == {JOB_MESSAGE.sender}


def test_the_job_marks_a_dialog_that_the_play_leaves_alone(scenario: Scenario) -> None:
    (job,) = scenario.schedule().values()
    assert job["kwargs"] == {"dialog_id": JOB_DIALOG.id, "user_id": JOB_USER}
    assert JOB_DIALOG.id not in {dialog.id for dialog in scenario.day.dialogs}


def test_the_world_has_everybody_and_everything(scenario: Scenario) -> None:
    world = scenario.world()
    assert {message["_id"] for message in world["messages"]} == scenario.expected().keys()
    assert {one.dialog for one in scenario.arrivals} < {dialog["_id"] for dialog in world["dialogs"]}
    assert {user for dialog in world["dialogs"] for user in dialog["occupants_ids"]} == set(world["users"])


def test_someone_has_a_dialog_left_to_read(scenario: Scenario) -> None:
    dialog, user = scenario.unread()
    messages = [message for message in scenario.expected().values() if message.dialog == dialog]
    assert messages
    assert all(user not in message.read_by for message in messages)


def test_the_play_outlasts_its_weather() -> None:
    scenario = Scenario.make()
    assert len(scenario.arrivals) == RECEIPTS
    assert max(spell.ends_s for spell in SPELLS) < scenario.duration_s


@pytest.mark.parametrize(
    ("arrival", "receipt"),
    [
        (Arrival(0.0, "read", D, 7, M, 0), MarkRead(dialog_id=D, user_id=7, up_to=M)),
        (Arrival(0.0, "delivered", D, 7, M, 0), MarkDelivered(dialog_id=D, user_id=7, up_to=M)),
        (
            Arrival(0.0, "edit", D, 7, M, 3, "new"),
            EditMessage(dialog_id=D, message_id=M, text="new", user_id=7, revision=3),
        ),
    ],
)
def test_an_arrival_becomes_the_receipt_that_a_web_app_would_record(arrival: Arrival, receipt: object) -> None:
    assert receipt_of(arrival) == receipt


def test_the_log_has_all_of_an_arrival_and_the_time_of_its_recording() -> None:
    arrival = Arrival(0.5, "edit", D, 7, M, 3, "new")
    assert recorded_of(arrival, 9.0) == Recorded(9.0, "edit", D, 7, M, 3, "new")
