"""The files of runs."""

from starlette.routing import Route

ROUTES: list[Route] = []
