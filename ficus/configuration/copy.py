"""The last good document on this machine, for a process that starts while the store is away or has been emptied."""

import logging
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from ficus.configuration.document import Document, MalformedDocument

logger = logging.getLogger(__name__)


class Copy:
    """One file; all processes of a deployable on one machine share it. Where it cannot be kept there is none."""

    def __init__(self, directory: Path, name: str) -> None:
        self._path = directory / f"{name}.json"

    def read(self) -> Document:
        """Return what is kept, an empty document if that is nothing or makes no sense."""
        try:
            return Document.read(self._path.read_bytes())
        except (OSError, MalformedDocument):
            return Document()

    def keep(self, document: Document) -> None:
        """Keep the document, unless it is there already."""
        written = document.written()
        with suppress(OSError):
            if self._path.read_bytes() == written:
                return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=self._path.parent, prefix=self._path.stem, delete=False) as fresh:
                fresh.write(written)
            Path(fresh.name).replace(self._path)
        except OSError as error:
            logger.info("no copy of the configuration is kept: %s", error)
