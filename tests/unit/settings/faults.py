"""What the tests of this room ask: the faults of an environment, by variable; and credentials."""

from settings import Fault, SettingsError, load

SERVICE_SESSION = {
    "QUICKBLOX_APPLICATION_ID": "22",
    "QUICKBLOX_AUTH_KEY": "hunter2-auth-key",
    "QUICKBLOX_AUTH_SECRET": "hunter2-auth-secret",
    "QUICKBLOX_LOGIN": "hunter2-ann",
    "QUICKBLOX_PASSWORD": "hunter2 pass wörd",
}
"""All that a service session takes."""


def faults_of(environ: dict[str, str]) -> tuple[Fault, ...]:
    try:
        load(environ)
    except SettingsError as error:
        return error.faults
    return ()


def fault_of(environ: dict[str, str]) -> Fault:
    (fault,) = faults_of(environ)
    return fault
