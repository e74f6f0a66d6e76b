"""Links to folders of the repository: checked to be there, and shown as what they are, since a site has no folders."""

from docutils import nodes
from myst_parser.sphinx_ext.myst_refs import MystReferenceResolver
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform


class Folders(SphinxPostTransform):
    """Takes the links to folders out before MyST looks for their targets, and does not find them."""

    default_priority = MystReferenceResolver.default_priority - 1  # before MyST

    def run(self, **_options: object) -> None:
        """Replace each by its text and the folder's path."""
        for link in list(self.document.findall(pending_xref)):
            if link["reftype"] == "myst" and link.get("refdomain") is None:
                path, _absolute = self.env.relfn2path(link["reftarget"], link["refdoc"])
                if self.env.srcdir.joinpath(path).is_dir():
                    link.replace_self(nodes.literal(path, f"{path}/"))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register it."""
    app.add_post_transform(Folders)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
