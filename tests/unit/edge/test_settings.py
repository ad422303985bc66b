"""Settings from the environment."""

import pytest
from pydantic import ValidationError

from pushhub.edge.settings import PushSubscribeSettings, settings


def test_settings_are_read_from_their_variables() -> None:
    chosen = settings(PushSubscribeSettings, {"AUDIENCE_TABLE": "a", "CATALOG_TABLE": "c", "PATH": "/bin"})
    assert (chosen.audience_table, chosen.catalog_table) == ("a", "c")


@pytest.mark.parametrize("environment", [{"AUDIENCE_TABLE": "a"}, {"AUDIENCE_TABLE": "a", "CATALOG_TABLE": ""}])
def test_a_missing_or_empty_setting_is_named(environment: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="CATALOG_TABLE"):
        settings(PushSubscribeSettings, environment)
