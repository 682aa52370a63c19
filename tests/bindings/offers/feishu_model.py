"""A small Feishu of one account's packages, items and papers, under any reading of what its documents leave
open (contract 4.4 to 4.6, 5.1 to 5.3)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bindings.offers.plan import PlannedCall, Verb
from bindings.offers.sending import payload_of

Listed = dict[str, dict[str, Any]]


class RefusedByFeishu(Exception):  # noqa: N818 - an answer
    pass


@dataclass(frozen=True)
class Readings:
    """``partial``: of a create with an ID that exists, the others are created before it is refused.
    ``reusable``: a deleted ID may be created again. ``items_alone``: the list of packages may be empty.
    ``clears``: a description that is left out is cleared. ``unlisted_go``: an update removes what it does not
    name. ``shared_ids``: a package and an item can't have the same ID."""

    partial: bool = False
    reusable: bool = False
    items_alone: bool = True
    clears: bool = True
    unlisted_go: bool = False
    shared_ids: bool = False


@dataclass
class Feishu:
    readings: Readings
    flips: bool = False  # the first refusal turns these around
    packages: Listed = field(default_factory=dict)
    items: Listed = field(default_factory=dict)
    papers: Listed = field(default_factory=dict)
    used: set[tuple[str, str]] = field(default_factory=set)
    is_normal: bool = False  # the exam account: not "not activated", not disabled

    def take(self, call: PlannedCall) -> None:
        """Do it, or raise ``RefusedByFeishu``."""
        try:
            getattr(self, f"_{call.verb}")(**payload_of(call))
        except RefusedByFeishu:
            if self.flips:
                self.flips = False
                turned = {
                    name: not getattr(self.readings, name) for name in ("partial", "reusable", "items_alone")
                }
                self.readings = replace(self.readings, **turned)
            raise

    def put(self, kind: str, feishu_id: str) -> None:
        """Somebody has put that there before we came."""
        listed = self.packages if kind == "package" else self.items
        listed[feishu_id] = {"id": feishu_id, "name": "old", "description": "old"}
        self.used.add(self._name(kind, feishu_id))

    def _name(self, kind: str, feishu_id: str) -> tuple[str, str]:
        return ("" if self.readings.shared_ids else kind, feishu_id)

    def _create(
        self, package_list: list[dict[str, Any]], additional_item_list: Sequence[dict[str, Any]] = ()
    ) -> None:
        if not package_list and not self.readings.items_alone:
            raise RefusedByFeishu("package_list is empty")
        sent = [("package", each) for each in package_list] + [
            ("item", each) for each in additional_item_list
        ]
        taken = [(kind, each) for kind, each in sent if self._is_taken(kind, each["id"])]
        if taken and not self.readings.partial:
            raise RefusedByFeishu("exists")
        for kind, each in sent:
            if (kind, each) not in taken:
                (self.packages if kind == "package" else self.items)[each["id"]] = each
                self.used.add(self._name(kind, each["id"]))
        if taken:
            raise RefusedByFeishu("exists")

    def _is_taken(self, kind: str, feishu_id: str) -> bool:
        there = self.packages if kind == "package" else self.items
        if self.readings.shared_ids and feishu_id in self.packages | self.items:
            return True
        return feishu_id in there or (self._name(kind, feishu_id) in self.used and not self.readings.reusable)

    def _update(
        self, package_list: list[dict[str, Any]], additional_item_list: Sequence[dict[str, Any]] = ()
    ) -> None:
        if not package_list:
            raise RefusedByFeishu("package_list is required")
        lists = ((self.packages, package_list), (self.items, additional_item_list))
        if any(each["id"] not in there for there, sent in lists for each in sent):
            raise RefusedByFeishu("not found")
        for there, sent in lists:
            before = dict(there)
            if self.readings.unlisted_go:
                there.clear()
            for each in sent:
                kept = {} if self.readings.clears else before[each["id"]]
                there[each["id"]] = {**kept, **each}

    def _delete(
        self, package_id_list: Sequence[str] = (), additional_item_id_list: Sequence[str] = ()
    ) -> None:
        lists = ((self.packages, package_id_list), (self.items, additional_item_id_list))
        if any(each not in there for there, named in lists for each in named):
            raise RefusedByFeishu("not found")
        for there, named in lists:
            for each in named:
                del there[each]

    def _replace_papers(self, paper_list: list[dict[str, Any]]) -> None:
        self.papers = {each["id"]: each for each in paper_list}
        self.is_normal = True

    def _update_papers(self, paper_list: list[dict[str, Any]]) -> None:
        if any(each["id"] not in self.papers for each in paper_list):
            raise RefusedByFeishu("not found")
        self.papers |= {each["id"]: each for each in paper_list}

    def _delete_papers(self, paper_id_list: list[str]) -> None:
        for each in paper_id_list:
            self.papers.pop(each, None)


assert {verb.value for verb in Verb} == {
    name.removeprefix("_") for name in vars(Feishu) if name.removeprefix("_") in set(Verb)
}
