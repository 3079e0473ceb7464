"""What changed since a page was made."""

from starlette.routing import Route

ROUTES: list[Route] = []
