"""Groups and custom weights of the sector file."""

import pytest

from betacli.core.model import GroupLimit
from betacli.data.sectors import load_universe
from betacli.errors import BadFile
from betacli.plan.request import find_sector, homes

FILE = """
sectors:
  l1:
    title: Layer 1
    groups: {evm: {max: 0.5}, old: {min: 0.1, max: 0.4}}
    members:
      - {base: ETH, weight: 3, group: evm}
      - {base: SOL, weight: 1}
      - {base: ADA, group: old}
  defi:
    title: DeFi
    groups: {evm: {min: 0.2, max: 0.8}}
    members: [{base: UNI, group: evm}, {base: ETH, max_weight: 0.1}]
"""


def universe(tmp_path, text=FILE):
    path = tmp_path / "sectors.yaml"
    path.write_text(text, encoding="utf-8")
    return load_universe(config=path, project_dir=tmp_path, user_dir=tmp_path / "none")


def test_members_carry_weights_and_groups_carry_limits(tmp_path) -> None:
    """What the file says of weights and groups is what the sector holds."""
    sector = find_sector(universe(tmp_path), "l1")
    assert [(m.weight, m.group) for m in sector.members] == [(3, "evm"), (1, None), (None, "old")]
    assert sector.groups == (
        GroupLimit(name="evm", max_weight=0.5),
        GroupLimit(name="old", min_weight=0.1, max_weight=0.4),
    )


def test_several_sectors_are_one_with_each_member_once(tmp_path) -> None:
    """ETH is in both: it is counted in the first, with the first's group; a group of both has the narrower limits."""
    found = universe(tmp_path)
    both = find_sector(found, "l1+defi")
    assert both.bases == ("ETH", "SOL", "ADA", "UNI")
    assert (both.name, both.title) == ("l1+defi", "Layer 1 + DeFi")
    assert (both.members[0].group, both.members[0].max_weight) == ("evm", None)
    assert both.groups[0] == GroupLimit(name="evm", min_weight=0.2, max_weight=0.5)
    assert homes(found, "l1+defi")["ETH"] == ("l1", "defi")
    assert find_sector(found, "defi+l1").members[1].max_weight == 0.1


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        ("{evm: {max: 2}}", "`max` is `2`"),
        ("{evm: {min: 0.6, max: 0.5}}", "`min` 0.6 of the group `evm` is above its `max` 0.5"),
        ("{emv: {max: 0.5}}", "no member is in the group `emv`"),
        ("{evm: 0.5}", "is a single value: expected a mapping"),
        ("{evm: {most: 0.5}}", "unknown key `most`"),
        ("[evm]", "is a list: expected a mapping"),
    ],
)
def test_groups_that_mean_nothing_are_refused(tmp_path, groups: str, told: str) -> None:
    """Each mistake is a problem with its place."""
    with pytest.raises(BadFile) as refused:
        universe(tmp_path, FILE.replace("{evm: {max: 0.5}, old: {min: 0.1, max: 0.4}}", groups))
    assert told in str(refused.value)


def test_limits_of_groups_change_the_hash_of_the_configuration(tmp_path) -> None:
    """A file with another limit is another configuration; one without groups hashes as it always did."""
    assert universe(tmp_path).sha256 != universe(tmp_path, FILE.replace("max: 0.8", "max: 0.7")).sha256
