"""The hub over HTTP: what systems push, ask and follow. Every endpoint is a plain function; who asks shows a token."""

from hub.web.api import make_app

__all__ = ["make_app"]
