"""Starlette's FileResponse and nothing else: the peer of the performers' page. `python -m tests.benchmarks._bare_files FILE PORT`."""

from __future__ import annotations

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route


def main() -> None:
    """Serve one file at `/film`."""

    async def film(_: Request) -> FileResponse:
        return FileResponse(sys.argv[1])

    uvicorn.run(Starlette(routes=[Route("/film", film)]), port=int(sys.argv[2]), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
