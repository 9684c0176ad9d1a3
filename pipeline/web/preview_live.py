"""What makes a preview's pages renew themselves: a script of our own, and the address it waits at.

In charge of: answering as soon as something was saved, and letting go of waiting pages at the end. Not in
charge of: noticing a save (``app.watching``). Staff pages do without: they hold no script at all.
"""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pipeline.app.authoring import Compiled
from pipeline.app.watching import Watched
from pipeline.web.pages import POLICY

#: How long a page may wait before it asks again, in seconds; how often we look whether it may go on.
_PATIENCE, _STEP = 25.0, 0.03
#: As every page, and our own script, which may ask this site and no other.
LIVE_HEADERS = {"content-security-policy": f"{POLICY}; script-src 'self'; connect-src 'self'"}


class Live:
    """Tells waiting pages that ``watched`` has changed."""

    def __init__(self, watched: Watched[Compiled]) -> None:
        self._watched = watched
        self._over = False

    @property
    def version(self) -> str:
        """What a page shows that is made now; never newer than that, so that no change goes unseen."""
        self._watched.look()
        return self._watched.version

    async def changes(self, request: Request) -> Response:
        """Answers when the version is not ``?seen=`` any more, or after a while."""
        seen = request.query_params.get("seen", "")
        until = asyncio.get_running_loop().time() + _PATIENCE
        while not self._over and self._watched.version == seen and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(_STEP)
        return JSONResponse({"version": self._watched.version})

    def close(self) -> None:
        """Let go of every page that waits: a server must not hang on them when it ends."""
        self._over = True
