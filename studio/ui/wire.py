"""The only file that knows both the widgets and the handlers: one `on(...)` per event of the page.

Enter: widget values and the request's user. Leave: a view's fields, each painted on its widget. To add an event: a method in
`handlers.py`, one `on` line here. What goes wrong becomes a sentence in a toast; nothing is shown of its inside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, fields, is_dataclass
from operator import attrgetter
from typing import Any

import gradio as gr

from studio.domain.plain import to_plain
from studio.domain.project import JobKind
from studio.domain.settings import FitSettings, Guidance, MixSettings
from studio.service import Studio
from studio.ui.arrivals import Arrivals
from studio.ui.handlers import Handlers
from studio.ui.layout import Page
from studio.ui.long_work import LongWork
from studio.ui.script_view import WaitingScripts
from studio.ui.session import has_login
from studio.ui.trouble import sentence
from studio.ui.views import Action, Choices, OpenTab

LONG_AT_ONCE, LONG_OWN = 8, 2  # exports, films and scripts on their way in; one person has two of them at once


@dataclass(frozen=True, slots=True)
class Wiring:
    """Whose studio answers; `arrivals` joins files that were dropped on one page together, `scripts` keeps
    those that wait for an answer, `long_work` has the turns of events that may take long."""

    studio: Studio
    arrivals: Arrivals = field(default_factory=Arrivals)
    scripts: WaitingScripts = field(default_factory=WaitingScripts)
    long_work: LongWork = field(default_factory=lambda: LongWork(LONG_AT_ONCE, LONG_OWN))

    def handlers(self, request: gr.Request) -> Handlers:
        user, page = self.studio.as_user(request.username), request.session_hash or ""
        return Handlers(user, can_leave=has_login(request.request), page=page, arrivals=self.arrivals, scripts=self.scripts)


@dataclass(frozen=True, slots=True)
class Reads:
    """What an event hands its handler, by parameter name: widget values, keys of the event's own data,
    names in the page's address, fixed values. `is_continuous`: of many quick events only the last one must be answered; `is_long`: it may
    take long, and goes through the turns of long work.

    `form` gathers all widget values but `project_id` into one record under the given parameter name.
    """

    widgets: Mapping[str, Any]
    data: tuple[str, ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    form: tuple[str, type] | None = None
    is_continuous: bool = False
    is_long: bool = False

    def arguments(self, values: tuple[Any, ...], request: gr.Request, event: gr.EventData) -> dict[str, Any]:
        given = dict(zip(self.widgets, values, strict=True))
        if self.form is not None:
            name, shape = self.form
            own = {item.name for item in fields(shape)}
            given = {key: value for key, value in given.items() if key not in own} | {name: shape(**{key: given[key] for key in own})}
        asked = {name: str(request.query_params.get(key, "")) for name, key in self.query.items()}
        sent = {key: event._data[key] for key in self.data}
        return given | asked | sent | dict(self.fixed)


def paint(value: Any) -> Any:
    """A view's field as the widget takes it; None leaves the widget as it is."""
    if value is None:
        return gr.skip()
    if isinstance(value, Choices):
        return gr.update(choices=list(value.options), value=value.selected, visible=value.is_shown)
    if isinstance(value, Action):
        return gr.update(value=value.label, interactive=value.is_enabled)
    if isinstance(value, OpenTab):
        return gr.update(selected=value.name)
    return to_plain(value) if is_dataclass(value) else value


def on(wiring: Wiring, events: Sequence[Any], handler: Callable[..., Any], reads: Reads, outputs: Mapping[Any, str]) -> None:
    """Events, one handler: read, call, paint. `outputs` maps each widget to the (dotted) field of the view it shows."""
    getters = [attrgetter(name) for name in outputs.values()]

    def run(request: gr.Request, event_data: gr.EventData, *values: Any) -> Any:
        try:
            with nullcontext() if reads.is_long else wiring.studio.moment():
                view = handler(wiring.handlers(request), **reads.arguments(values, request, event_data))
        except Exception as error:  # the rim of the page: every failure becomes a sentence
            raise gr.Error(sentence(error), title="", print_exception=False) from error
        painted = [paint(getter(view)) for getter in getters]
        return painted if len(painted) > 1 else painted[0]  # Gradio takes a list for one widget as its value

    async def run_in_turn(request: gr.Request, event_data: gr.EventData, *values: Any) -> Any:
        return await wiring.long_work.run(request.username, run, request, event_data, *values)

    for event in events:
        event(
            run_in_turn if reads.is_long else run,
            inputs=list(reads.widgets.values()),
            outputs=list(outputs),
            api_visibility="private",
            trigger_mode="always_last" if reads.is_continuous else "once",
            concurrency_limit=None,
            show_progress="hidden",
        )


def wire(page: Page, wiring: Wiring, demo: gr.Blocks) -> None:
    """Join every widget to its handler."""
    _wire_shell(page, wiring, demo)
    _wire_projects(page, wiring)
    _wire_upload(page, wiring)
    _wire_guidance(page, wiring)
    _wire_settings(page, wiring)


def _whole(page: Page) -> dict[Any, str]:
    """Every field of PageView on its widget."""
    upload = page.upload
    named = ("track", "source_language", "target_language", "transcriber", "translator", "estimator", "speaker", "engines")
    return {
        page.project_id: "project_id",
        page.tabs: "tab",
        page.projects.listing: "projects",
        upload.question: "script",
        **{getattr(upload, name): f"upload.{name}" for name in named},
        **{getattr(upload, name): "box" for name in ("media", "script", "translation", "bed")},
        **_scales(page, "guidance"),
        **{getattr(page.export.mix, item.name): f"mix.{item.name}" for item in fields(MixSettings)},
        **{getattr(page.export.fit, item.name): f"fit.{item.name}" for item in fields(FitSettings)},
        **{widget: f"news.{name}" for widget, name in _news(page).items()},
    }


def _news(page: Page) -> dict[Any, str]:
    """Every field of TickView on its widget: nothing a person may be editing."""
    return {
        page.header: "header",
        page.desk: "desk",
        page.guidance.lines: "guidance",
        page.guidance.presets: "guidance",
        page.guidance.voices: "desk",
        page.guidance.sweep: "guidance",
        page.upload.facts: "facts",
        page.upload.house: "desk",
        page.preview.stage: "preview",
        page.preview.render: "render",
        page.export.files: "exports",
        page.upload.find: "find",
        page.upload.dub: "dub",
    }


def _wire_shell(page: Page, wiring: Wiring, demo: gr.Blocks) -> None:
    here = {"project_id": page.project_id}
    on(wiring, [demo.load], Handlers.open_page, Reads({}, query={"project_id": "project", "tab": "tab"}), _whole(page))
    on(wiring, [page.clock.tick, page.header.heard, page.desk.changed], Handlers.tick, Reads(here), _news(page))
    on(wiring, [page.projects_tab.select, page.projects.listing.changed], Handlers.list_projects, Reads(here), {page.projects.listing: "projects"})
    corrected = [page.desk.sound_corrected, page.upload.facts.sound_corrected]
    on(wiring, corrected, Handlers.correct_offset, Reads(here), _news(page))
    on(wiring, [page.upload.facts.sound_restored], Handlers.restore_sound, Reads(here), _news(page))
    on(wiring, [page.header.started], Handlers.start, Reads(here, data=("kind",)), _news(page))
    on(wiring, [page.header.cancelled], Handlers.cancel, Reads(here, data=("job_id",)), _news(page))


def _wire_projects(page: Page, wiring: Wiring) -> None:
    widgets, here, whole = page.projects, {"project_id": page.project_id}, _whole(page)
    form = {"name": widgets.name, "source_language": widgets.source_language, "target_language": widgets.target_language}
    on(wiring, [widgets.create.click, widgets.name.submit], Handlers.create_project, Reads(form), whole)
    on(wiring, [widgets.listing.opened], Handlers.open_project, Reads({}, data=("id",)), whole)
    on(wiring, [widgets.listing.demo, page.header.demo], Handlers.open_demo, Reads({}), whole)
    on(wiring, [widgets.listing.renamed], Handlers.rename_project, Reads(here, data=("id", "name")), whole)
    on(wiring, [widgets.listing.removed], Handlers.delete_project, Reads(here, data=("id",)), whole)


def _wire_upload(page: Page, wiring: Wiring) -> None:
    widgets, here, whole = page.upload, {"project_id": page.project_id}, _whole(page)
    pair = {"source_language": widgets.source_language, "target_language": widgets.target_language}
    upload = ("upload",)
    on(wiring, [widgets.media.begun], Handlers.open_media, Reads({**here, **pair}, data=upload), whole)
    on(wiring, [widgets.media.sent], Handlers.take_media, Reads({**here, **pair}, data=upload, is_long=True), whole)
    on(wiring, [widgets.script.sent], Handlers.upload_script, Reads({**here, "use": widgets.script_use}, data=upload, is_long=True), whole)
    on(wiring, [widgets.translation.sent], Handlers.upload_translation, Reads(here, data=upload, is_long=True), whole)
    on(wiring, [widgets.bed.sent], Handlers.take_bed, Reads(here, data=upload, is_long=True), whole)
    on(wiring, [widgets.question.taken], Handlers.take_script, Reads({}, data=("ask", "mark"), is_long=True), whole)
    on(wiring, [widgets.question.left], Handlers.leave_script, Reads(here, data=("ask",)), whole)
    on(wiring, [widgets.facts.bed_removed], Handlers.remove_bed, Reads(here), whole)
    on(wiring, [widgets.source_language.input, widgets.target_language.input], Handlers.choose_languages, Reads({**here, **pair}), whole)
    on(wiring, [widgets.track.input], Handlers.choose_track, Reads({**here, "track": widgets.track}), whole)
    for task in ("transcriber", "translator", "estimator", "speaker"):
        choice = getattr(widgets, task)
        on(wiring, [choice.input], Handlers.choose_engine, Reads({**here, "name": choice}, fixed={"task": task}), whole)
    for button, kind in ((widgets.find, JobKind.LINES), (widgets.dub, JobKind.RENDER), (page.preview.render, JobKind.RENDER)):
        on(wiring, [button.click], Handlers.start, Reads(here, fixed={"kind": kind.value}), _news(page))


def _scales(page: Page, within: str) -> dict[Any, str]:
    """The project's scales on their sliders."""
    return {getattr(page.guidance.scales, item.name): f"{within}.{item.name}" for item in fields(Guidance)}


def _wire_guidance(page: Page, wiring: Wiring) -> None:
    here, news, tab = {"project_id": page.project_id}, _news(page), page.guidance
    mine = {item.name: getattr(tab.scales, item.name) for item in fields(Guidance)}
    on(wiring, _moves(mine), Handlers.set_guidance, Reads({**here, **mine}, form=("scales", Guidance), is_continuous=True), news)
    taken = _scales(page, "guidance") | {widget: f"news.{name}" for widget, name in news.items()}
    on(wiring, [tab.presets.preset], Handlers.use_preset, Reads(here, data=("key",)), taken)
    on(wiring, [tab.lines.quality], Handlers.set_quality, Reads(here, data=("quality",), is_continuous=True), news)
    moved = [one.changed for one in (tab.lines, tab.compare, tab.pauses, tab.sweep, tab.points, tab.voices)]
    on(wiring, moved, Handlers.tick, Reads(here), news)
    on(wiring, [tab.sweep.plotted], Handlers.draw_sweep, Reads(here, data=("line_id",), is_continuous=True), {tab.sweep_figure: "sweep"})


def _wire_settings(page: Page, wiring: Wiring) -> None:
    here, news = {"project_id": page.project_id}, _news(page)
    for name, shape, widgets, handler in (
        ("mix", MixSettings, page.export.mix, Handlers.set_mix),
        ("fit", FitSettings, page.export.fit, Handlers.set_fit),
    ):
        mine = {item.name: getattr(widgets, item.name) for item in fields(shape)}
        on(wiring, _moves(mine), handler, Reads({**here, **mine}, form=(name, shape), is_continuous=True), news)
    drawn = {getattr(page.overview, name): name for name in ("said", "fit", "pace", "lips", "gain", "progress")}
    on(wiring, [page.overview_tab.select], Handlers.draw, Reads(here, is_long=True), drawn)
    ready = {page.export.files: "ready"}
    on(wiring, [page.export.files.wanted], Handlers.export, Reads(here, data=("kind",), is_long=True), ready)


def _moves(widgets: Mapping[str, Any]) -> list[Any]:
    """The events that mean a person moved a control, not that the page painted it."""
    return [
        event
        for widget in widgets.values()
        for event in ([widget.input, widget.release] if isinstance(widget, gr.Slider) else [widget.input])
    ]
