"""The site is read without a network, too: nothing is loaded from elsewhere; links that are followed may lead out."""

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

LOADED = re.compile(r"""<(?:script|img|iframe|source|link)\b[^>]*?\b(?:src|href)=["'](?:https?:)?//[^"']*""")
LOADED_BY_CSS = re.compile(r"""(?:url\(|@import)\s*["']?(?:https?:)?//[^"')]*""")

log = logging.getLogger(__name__)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register it."""
    app.connect("build-finished", _look)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _look(app: Sphinx, failure: Exception | None) -> None:
    if failure is None:
        for pattern, kind in ((LOADED, "html"), (LOADED_BY_CSS, "css")):
            for path in Path(app.outdir).rglob(f"*.{kind}"):
                for found in pattern.findall(path.read_text(encoding="utf-8")):
                    log.warning("%s loads from elsewhere: %s", path.relative_to(app.outdir).as_posix(), found)
