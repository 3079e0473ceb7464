"""The hooks of the plugin."""

from collections.abc import Iterable

from sacred_core import ObserverSpec, SecretPattern, hookimpl


@hookimpl
def sacred_observers() -> Iterable[ObserverSpec]:
    """Offer the observer that posts to Slack. No flag: a command line can be seen by others."""
    yield ObserverSpec("sacred_slack.observer:SlackObserver")


@hookimpl
def sacred_secrets() -> Iterable[SecretPattern]:
    """Mask the paths of webhooks, which are all that is needed to post; also without a scheme.

    https://api.slack.com/messaging/webhooks, and those of workflows.
    """
    yield SecretPattern(
        r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/(?P<secret>[^\s\"'<>]++)",
        contains="hooks.slack",
    )
