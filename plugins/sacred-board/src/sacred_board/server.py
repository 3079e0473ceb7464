"""Serves a board until it is stopped."""

import uvicorn

from sacred_board.app import create_app
from sacred_board.board import Board


def serve(board: Board, port: int) -> None:
    """Serve a board until Ctrl-C.

    Args:
        board: The board.
        port: Where it listens.
    """
    app = create_app(board)
    uvicorn.run(app, host=board.host, port=port, access_log=False, log_level="warning")
