"""What the tests of this room ask: the faults of an environment, by variable."""

from settings import Fault, SettingsError, load


def faults_of(environ: dict[str, str]) -> tuple[Fault, ...]:
    try:
        load(environ)
    except SettingsError as error:
        return error.faults
    return ()


def fault_of(environ: dict[str, str]) -> Fault:
    (fault,) = faults_of(environ)
    return fault
