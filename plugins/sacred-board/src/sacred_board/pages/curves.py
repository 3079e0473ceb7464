"""The page of curves."""

from starlette.routing import Route

ROUTES: list[Route] = []
