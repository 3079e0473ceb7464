"""Which recorded package an import uses, where its name is another one."""

import functools
from collections.abc import Iterable, Mapping

from sacred_core.hooks.discovery import normalize_project

#: Distributions by the first names of their modules, where they differ.
_KNOWN = {
    "Crypto": "pycryptodome", "Levenshtein": "python-levenshtein", "MySQLdb": "mysqlclient",
    "OpenSSL": "pyopenssl", "PIL": "pillow", "attr": "attrs", "bs4": "beautifulsoup4",
    "cv2": "opencv-python", "dateutil": "python-dateutil", "docx": "python-docx",
    "dotenv": "python-dotenv", "faiss": "faiss-cpu", "fitz": "pymupdf", "git": "gitpython",
    "jwt": "pyjwt", "magic": "python-magic", "mpl_toolkits": "matplotlib", "osgeo": "gdal",
    "pkg_resources": "setuptools", "psycopg2": "psycopg2-binary", "serial": "pyserial",
    "skimage": "scikit-image", "sklearn": "scikit-learn", "umap": "umap-learn", "usb": "pyusb",
    "yaml": "pyyaml", "zmq": "pyzmq",
}  # fmt: skip


class Distributions:
    """Finds the recorded packages of imports.

    Args:
        recorded: The names of the packages that a run used.
    """

    def __init__(self, recorded: Iterable[str]) -> None:
        self._recorded = {normalize_project(name): name for name in recorded}

    def find(self, module: str) -> str | None:
        """Return the package of a module that is imported by this first name; None if none fits.

        The name of the package, what is installed here, a list of well-known names, and longer
        names are tried in this order.
        """
        wanted = normalize_project(module)
        if wanted in self._recorded:
            return self._recorded[wanted]
        known = normalize_project(_KNOWN.get(module, ""))
        for name in (*_installed().get(module, ()), known):
            if normalize_project(name) in self._recorded:
                return self._recorded[normalize_project(name)]
        similar = [name for name in self._recorded if _is_similar(name, known or wanted)]
        return self._recorded[min(similar, key=len)] if similar else None


def _is_similar(name: str, wanted: str) -> bool:
    """Return whether one name is the other with more: ``opencv-python-headless``, ``pyyaml``."""
    words, others = name.split("-"), wanted.split("-")
    is_longer = words[: len(others)] == others or words[-len(others) :] == others
    return is_longer or name in (f"py{wanted}", f"{wanted}py")


@functools.cache
def _installed() -> Mapping[str, list[str]]:
    """Return the distributions of each module that is installed here."""
    from importlib.metadata import packages_distributions  # reads the lists of all packages

    return packages_distributions()
