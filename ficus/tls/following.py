"""What is made of an identity's files, made again when they change, so that certificates renew without a restart."""

import logging
import ssl
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Generic, TypeVar

from ficus.tls.files import BadCertificates, Stamp, stamp_of
from ficus.tls.identity import Identity, client_context, server_context

logger = logging.getLogger(__name__)
Made = TypeVar("Made")


class Followed(Generic[Made]):
    """
    One thing that is made of the files. Files with a mistake are told of, and the last good ones stay.

    :ivar version: grows each time it has been made.
    """

    def __init__(self, identity: Identity, make: Callable[[Identity], Made]) -> None:
        self.version = 0
        self._identity, self._make = identity, make
        self._stamp: Stamp | None = None
        self._made: Made | None = None
        self._fault: BadCertificates | None = None
        self._making = threading.Lock()

    def get(self) -> Made:
        """
        Return it as the files are now; it costs a look at their dates. Any thread may ask.

        :raises BadCertificates: if the files have never been good.
        """
        if stamp_of(self._identity.files) != self._stamp:
            with self._making:
                self._follow()
        if self._made is None:
            raise self._fault or BadCertificates(["the files are being read"])
        return self._made

    def _follow(self) -> None:
        stamp = stamp_of(self._identity.files)
        if stamp == self._stamp:
            return
        try:
            made = self._make(self._identity)
        except BadCertificates as error:
            self._fault = error
            logger.error("the certificates cannot be used, and the last good ones stay: %s", error)
        else:
            if self._made is not None:
                logger.info("the certificates have been read anew: %s", self._identity.certificate)
            self._made = made
            self.version += 1
        self._stamp = stamp


@lru_cache(maxsize=8)
def server(identity: Identity) -> Followed[ssl.SSLContext]:
    """Return what this process's servers let others in by."""
    return Followed(identity, server_context)


@lru_cache(maxsize=8)
def client(identity: Identity) -> Followed[ssl.SSLContext]:
    """Return what this process asks others by."""
    return Followed(identity, client_context)
