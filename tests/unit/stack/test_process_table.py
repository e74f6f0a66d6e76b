import os

from stack import process_table


def test_knows_who_our_parent_is() -> None:
    (own,) = (row for row in process_table.rows() if row.pid == os.getpid())
    assert own.parent == os.getppid()
    assert own.group == os.getpgrp()
