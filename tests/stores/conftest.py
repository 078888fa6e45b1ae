"""Store A with points and a linked account, as in the tests of points in use."""

from tests.using.conftest import program

__all__ = ["program"]
