"""The demo people of a development system. Production has none: there is no password for them."""

from ficus.configuration.environment import Environment

PEOPLE = {"ada": "customer", "sam": "support", "olga": "operator", "root": "admin"}


def demo_password(env: Environment) -> str | None:
    """Return the password that all demo people share, ``DEMO_PASSWORD``; none outside development."""
    if not env.development:
        return None
    password: str = env.str("DEMO_PASSWORD", "under-the-fig-tree")
    return password
