"""Changes of runs: notes, tags and deletions."""

from starlette.routing import Route

ROUTES: list[Route] = []
