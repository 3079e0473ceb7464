"""The page that compares runs."""

from starlette.routing import Route

ROUTES: list[Route] = []
