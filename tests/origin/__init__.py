"""Segue's scriptable, hostile HTTP server for tests and benchmarks; see README.md."""

from .behaviour import BehaviourError
from .client import File, Origin, OriginError
from .content import content, digest
from .raw import CLOSED, RESET, RawClient
from .tls import Authority

__all__ = ["CLOSED", "RESET", "Authority", "BehaviourError", "File", "Origin", "OriginError", "RawClient", "content",
           "digest"]
