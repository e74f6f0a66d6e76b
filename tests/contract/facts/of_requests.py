"""How a call is made: credentials, bodies, and which messages a PUT means."""

from __future__ import annotations

from tests.contract.facts.fact import UNKNOWN, A, B, C, CannotTryError, DiffersError, equal, fact, hold
from tests.contract.facts.stage import ALL, Stage

NOBODY = "f" * 24  # no server has made this id: it would be of the year 2106
BY_SENDER, BOTH = {"sender"}, {"sender", "reader"}


@fact(A, "a session token in QB-Token is a credential")
def a_token_is_a_credential(stage: Stage) -> None:
    talk = stage.talk(1)
    stage.mark(talk, "r", by=stage.by_token(stage.reader))
    equal(stage.readers(talk), [BOTH])


@fact(A, "an API key with On-Behalf-Of acts for that user")
def an_api_key_acts_for_a_user(stage: Stage) -> None:
    reader, talk = stage.by_key(stage.reader), stage.talk(1)
    stage.mark(talk, "r", by=reader)
    equal(stage.readers(talk), [BOTH])


@fact(UNKNOWN, "of a token and an API key at once the token counts")
def of_both_credentials_the_token_counts(stage: Stage) -> str:
    key, token = stage.by_key(stage.reader), stage.by_token(stage.sender)
    talk = stage.talk(1)
    heard = stage.put(talk, headers=stage.headers(key) | stage.headers(token), read=1)
    hold(heard.is_good, heard.short)
    equal(stage.readers(talk), [BY_SENDER])
    return "it was taken"


@fact(C, "an API key without On-Behalf-Of is refused with 422")
def an_api_key_alone_is_refused(stage: Stage) -> str:
    talk, headers = stage.talk(1), stage.headers(stage.by_key(stage.reader))
    del headers["On-Behalf-Of"]
    heard = stage.put(talk, headers=headers, read=1)
    equal(heard.status, 422)
    return heard.short


@fact(UNKNOWN, "an API key on behalf of a user who does not exist is refused")
def an_unknown_user_is_refused(stage: Stage) -> str:
    headers = stage.headers(stage.by_key(stage.reader)) | {"On-Behalf-Of": str(2**53)}
    heard = stage.chat.call("GET", "/chat/Dialog.json", headers=headers)
    hold(not heard.is_good, f"{heard.status}")
    return heard.short


@fact(A, "a body may be a form")
def a_body_may_be_a_form(stage: Stage) -> None:
    talk = stage.talk(1)
    body = {"chat_dialog_id": talk.id, "read": "1"}
    heard = stage.chat.call("PUT", ALL, headers=stage.headers(stage.reader), body=body, form=True)
    hold(heard.is_good, heard.short)
    equal(stage.readers(talk), [BOTH])


@fact(A, "a flag may be the number 1")
def a_flag_may_be_a_number(stage: Stage) -> None:
    talk = stage.talk(1)
    heard = stage.put(talk, read=1)
    hold(heard.is_good, heard.short)
    equal(stage.readers(talk), [BOTH])


@fact(B, "without .json at the end of a path the answer is XML")
def without_its_ending_a_path_answers_xml(stage: Stage) -> str:
    heard = stage.chat.call("GET", "/chat/Dialog", headers=stage.headers(stage.reader))
    kind = heard.headers.get("Content-Type", "no type")
    hold("xml" in kind, f"{heard.status}, {kind}")
    return kind


@fact(A, "a PUT with an id marks that message, for the acting user alone")
def an_id_marks_one_message(stage: Stage) -> None:
    talk = stage.talk(2)
    stage.mark(talk, "r", talk.ids[0])
    equal(stage.readers(talk), [BOTH, BY_SENDER])


@fact(A, "a PUT without an id marks all messages of the dialog")
def without_an_id_all_are_marked(stage: Stage) -> None:
    talk = stage.talk(3)
    stage.mark(talk, "r")
    equal(stage.readers(talk), [BOTH, BOTH, BOTH])


@fact(B, "a comma list marks the messages that it names", "QUICKBLOX_COMMA_LISTS=false")
def a_comma_list_marks_several(stage: Stage) -> None:
    talk = stage.talk(3)
    stage.mark(talk, "r", talk.ids[0], talk.ids[2])
    equal(stage.readers(talk), [BOTH, BY_SENDER, BOTH])


@fact(UNKNOWN, "a comma list of 50 ids is taken", "QUICKBLOX_LIST_MAX_IDS, to less than its 50")
def a_long_list_is_taken(stage: Stage) -> None:
    talk = stage.talk(50)
    stage.mark(talk, "r", *talk.ids)
    equal(stage.unread(talk), 0)


@fact(UNKNOWN, "a comma list with an id that does not exist is refused as a whole")
def a_list_with_a_bad_id_is_refused(stage: Stage) -> str:
    talk = stage.talk(1)
    heard = stage.put(talk, talk.ids[0], NOBODY, read="1")
    marked = stage.readers(talk) == [BOTH]
    hold(not heard.is_good and not marked, f"{heard.short}; the good one was {'' if marked else 'not '}marked")
    return heard.short


@fact(B, "`read` and `delivered` may travel in one body", "QUICKBLOX_BOTH_FLAGS=false")
def both_flags_travel_together(stage: Stage) -> None:
    talk = stage.talk(2)
    stage.mark(talk, "rd")
    equal((stage.readers(talk), stage.receivers(talk)), ([BOTH, BOTH], [BOTH, BOTH]))


@fact(B, "a text and both flags may travel in one body")
def text_and_flags_travel_together(stage: Stage) -> None:
    talk = stage.talk(1)
    heard = stage.put(talk, talk.ids[0], by=stage.sender, message="new", read=1, delivered=1)
    hold(heard.is_good, heard.short)
    equal([item["message"] for item in stage.look(talk)], ["new"])


@fact(B, "unknown keys of a body are ignored")
def unknown_keys_are_ignored(stage: Stage) -> None:
    talk = stage.talk(2)
    heard = stage.put(talk, talk.ids[0], read=1, message_id=talk.ids[1], user_id=stage.sender.user_id)
    hold(heard.is_good, heard.short)
    equal(stage.readers(talk), [BOTH, BY_SENDER])


@fact(UNKNOWN, "a text without an id in the path is refused")
def a_text_without_an_id_is_refused(stage: Stage) -> str:
    talk = stage.talk(2)
    heard = stage.put(talk, by=stage.sender, message="for whom?")
    changed = sum(item["message"] == "for whom?" for item in stage.look(talk))
    hold(not heard.is_good and not changed, f"{heard.short}; {changed} of 2 texts changed")
    return heard.short


@fact(A, "chat_dialog_id is required")
def the_dialog_is_required(stage: Stage) -> str:
    talk = stage.talk(1)
    path = f"/chat/Message/{talk.ids[0]}.json"
    heard = stage.chat.call("PUT", path, headers=stage.headers(stage.reader), body={"read": "1"})
    if heard.is_good and stage.readers(talk) == [BOTH]:
        raise DiffersError(f"{heard.short}, and the message was marked")
    return heard.short


@fact(A, "ids are 24 lower-case hex digits")
def ids_are_object_ids(stage: Stage) -> None:
    talk = stage.talk(1)
    for one in (talk.id, *talk.ids):
        hold(len(one) == 24 and set(one) <= set("0123456789abcdef"), f"an id of {len(one)} other characters")


@fact(B, "control characters in a text break its dialog")
def control_characters_break_a_dialog(_stage: Stage) -> None:
    raise CannotTryError("such a dialog might not be deleted again; the worker refuses such texts")


@fact(UNKNOWN, "the plan's calls are counted over one second")
def the_limit_is_counted_by_the_second(_stage: Stage) -> None:
    raise CannotTryError("it takes more calls than the plan allows, and the account has other work")


@fact(B, "marks and edits over REST are not pushed to the other users")
def marks_are_not_pushed(_stage: Stage) -> None:
    raise CannotTryError("it takes a real-time connection, which this suite has not")
