import pytest

from studio.domain.errors import BadSetting, EngineUnavailable
from studio.engines.protocols import Availability
from studio.engines.rack import EngineRack


class Plain:
    version, licence = "1", "none"

    def __init__(self, name: str, *, is_available: bool = True) -> None:
        self.name, self._is_available = name, is_available

    def available(self) -> Availability:
        return Availability(self._is_available, "ready" if self._is_available else "its weights are not here")

    def load(self) -> None:
        raise AssertionError("choosing an engine must not load it")


def test_auto_takes_the_first_engine_that_is_available() -> None:
    rack = EngineRack({"speaker": (Plain("best", is_available=False), Plain("good"), Plain("spare"))})
    assert rack.pick("speaker").name == "good"


def test_auto_passes_over_an_engine_that_does_not_accept_the_job() -> None:
    rack = EngineRack({"speaker": (Plain("good"), Plain("spare"))})
    assert rack.pick("speaker", accepts=lambda engine: Availability(engine.name == "spare", "speaks no Thai")).name == "spare"


def test_a_named_engine_is_never_replaced_by_another() -> None:
    rack = EngineRack({"speaker": (Plain("best", is_available=False), Plain("good"))})
    with pytest.raises(EngineUnavailable, match="its weights are not here"):
        rack.pick("speaker", "best")


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(BadSetting, match="there are: good"):
        EngineRack({"speaker": (Plain("good"),)}).pick("speaker", "nope")


def test_the_status_names_one_default_per_task_and_why_others_are_missing() -> None:
    rows = EngineRack({"speaker": (Plain("best", is_available=False), Plain("good"), Plain("spare"))}).status()
    assert [(row.name, row.is_available, row.is_default) for row in rows] == [("best", False, False), ("good", True, True), ("spare", True, False)]
    assert rows[0].why == "its weights are not here"
