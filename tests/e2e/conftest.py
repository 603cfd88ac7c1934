"""The real daemon among real servers."""

import pytest

for _module in ("daemon", "firm"):
    pytest.register_assert_rewrite(f"tests.rig.{_module}")  # say what was wrong
