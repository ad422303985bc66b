"""Groups of audiences as they are stored and planned."""

import json

from hypothesis import given
from hypothesis import strategies as st

from pushhub.catalog.model import AudienceGroup
from pushhub.catalog.sections.audience_groups.section import changes, read, write

groups = st.builds(AudienceGroup, st.just(3), st.text(max_size=5), st.lists(st.text(max_size=5)).map(tuple))


@given(groups)
def test_a_group_is_read_back_as_it_was_written(group: AudienceGroup) -> None:
    assert read(json.loads(json.dumps(write(group)))) == group


@given(groups, groups)
def test_a_change_is_told_where_there_is_one(before: AudienceGroup, after: AudienceGroup) -> None:
    assert bool(list(changes(before, after))) == (before != after)


def test_what_changes_is_told() -> None:
    before, after = AudienceGroup(3, "buyers", ("vip",)), AudienceGroup(3, "sale", ("vip", "age:>=21"))
    assert list(changes(before, after)) == ["name buyers → sale", "audiences [vip] → [vip, age:>=21]"]
