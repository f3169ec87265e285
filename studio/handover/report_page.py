"""The quality report as one HTML file that needs nothing else, and as JSON. Every text a person typed is escaped.

Enter: a `QualityReport` and the address of the studio's page ("" leaves links out). Leave: text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from typing import Any
from urllib.parse import urlencode

from studio.domain.delivery import DIALOGUE_GATE, VERIFY, Finding, Severity
from studio.domain.language import NAMES
from studio.domain.plain import to_plain
from studio.handover.quality import QualityReport

_TITLES = {Severity.MUST: "Must be mended", Severity.SHOULD: "Should be mended", Severity.INFO: "For information"}
_STYLE = """
:root{color-scheme:light dark;--ink:#1a1e25;--dim:#525b69;--rule:#e1e4ea;--bg:#fff;--link:#1d4fa3}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--dim:#a3acba;--rule:#333a45;--bg:#14161a;--link:#8ab4f8}}
body{margin:0 auto;max-width:1080px;padding:32px 24px;font:14px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--bg)}
h1{font-size:22px;margin:0 0 4px}h2{font-size:16px;margin:28px 0 8px}p{margin:4px 0;max-width:80ch}.dim{color:var(--dim)}
table{border-collapse:collapse;width:100%}th,td{text-align:start;vertical-align:top;padding:5px 12px 5px 0;border-bottom:1px solid var(--rule)}
th{font-weight:600;color:var(--dim)}td.n{font-variant-numeric:tabular-nums;white-space:nowrap}a{color:var(--link)}
@media print{body{max-width:none}tr{break-inside:avoid}}
"""


def report_html(report: QualityReport, page: str = "") -> str:
    return "".join(_document(report, page))


def report_json(report: QualityReport, page: str = "") -> str:
    """The same for programs; severities and checks by their names."""
    content = {
        "project": {"id": report.project.id, "name": report.project.name, "from": report.project.source_language, "to": report.project.target_language},
        "profile": {**to_plain_profile(report), "verify": VERIFY},
        "passes": report.count(Severity.MUST) == 0,
        "counts": {"lines": report.line_count, **{severity.value: report.count(severity) for severity in Severity}},
        "mix": to_plain(report.mix),
        "dialogue_gate": DIALOGUE_GATE,
        "read_back": {"listener": report.read.listener, "takes": report.read.takes, "why_not": report.read.why},
        "findings": [_entry(item, report, page) for item in report.findings],
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def to_plain_profile(report: QualityReport) -> dict[str, Any]:
    profile = report.profile
    return {
        "name": profile.name,
        "title": profile.title,
        "source": profile.source,
        "musts": sorted(check.value for check in profile.musts),
        "loudness": to_plain(profile.loudness),
        "max_true_peak_dbtp": profile.max_true_peak_dbtp,
    }


def line_address(page: str, project_id: str, line_id: str) -> str:
    """Where the studio's page shows a line."""
    return f"{page}?{urlencode({'project': project_id, 'tab': 'lines', 'line': line_id})}"


def _entry(item: Finding, report: QualityReport, page: str) -> dict[str, Any]:
    return {
        "severity": item.severity.value,
        "check": item.check.value,
        "line": item.number,
        "line_id": item.line_id,
        "at_ms": item.at_ms,
        "timecode": report.base.timecode_at(item.at_ms) if item.at_ms is not None else None,
        "sentence": item.sentence,
        "link": line_address(page, report.project.id, item.line_id) if page and item.line_id is not None else None,
    }


def _document(report: QualityReport, page: str) -> Iterator[str]:
    project, musts = report.project, report.count(Severity.MUST)
    language = escape(project.target_language)
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    yield f"<title>Quality report: {escape(project.name)} ({language})</title><style>{_STYLE}</style></head><body>"
    yield f'<h1 dir="auto">{escape(project.name)}</h1>'
    yield f'<p class="dim">Quality report of the dub, {NAMES[project.source_language]} to {NAMES[project.target_language]}, {report.line_count} lines</p>'
    verdict = "Nothing stands in the way of this delivery." if not musts else f"{musts} finding{'s' if musts != 1 else ''} must be mended before this delivery."
    yield f"<h2>Profile: {escape(report.profile.title)}</h2><p><b>{verdict}</b></p><p>{escape(report.profile.sentence)}</p>"
    yield f'<p class="dim">{escape(report.profile.source)} {escape(VERIFY)}</p>'
    yield from _sound(report)
    for severity in Severity:
        found = [item for item in report.findings if item.severity is severity]
        yield f"<h2>{_TITLES[severity]}: {len(found)}</h2>"
        yield from _table(found, report, page) if found else ("<p>Nothing.</p>",)
    yield "</body></html>\n"


def _sound(report: QualityReport) -> Iterator[str]:
    yield "<h2>Sound</h2>"
    if report.mix is None:
        yield "<p>The dub has not been rendered, so its loudness has not been measured.</p>"
    else:
        mix = report.mix
        rows = (
            ("Programme loudness (EBU R 128, ITU-R BS.1770-4)", mix.integrated_lufs, "LUFS"),
            ("Dialogue loudness (own gate, see below)", mix.dialogue_lufs, "LUFS"),
            ("Loudness range (EBU Tech 3342)", mix.range_lu, "LU"),
            ("True peak (four times oversampled)", mix.true_peak_dbtp, "dBTP"),
        )
        yield "<table>"
        for name, value, unit in rows:
            told = "cannot be told" if value is None else f"{value:.1f} {unit}"
            yield f'<tr><th scope="row">{name}</th><td class="n">{told}</td></tr>'
        yield f'</table><p class="dim">{escape(DIALOGUE_GATE)}</p>'
    if report.read.listener:
        yield f"<p>{report.read.takes} takes were read back by {escape(report.read.listener)}.</p>"
    else:
        yield f"<p><b>Not read back.</b> {escape(report.read.why)}.</p>"


def _table(found: list[Finding], report: QualityReport, page: str) -> Iterator[str]:
    yield '<table><thead><tr><th scope="col">Line</th><th scope="col">Timecode</th><th scope="col">Check</th><th scope="col">Finding</th></tr></thead><tbody>'
    for item in found:
        yield f'<tr><td class="n">{_line(item, report, page)}</td>'
        yield f'<td class="n">{report.base.timecode_at(item.at_ms) if item.at_ms is not None else "–"}</td>'
        yield f'<td>{escape(item.check.value)}</td><td dir="auto">{escape(item.sentence)}</td></tr>'
    yield "</tbody></table>"


def _line(item: Finding, report: QualityReport, page: str) -> str:
    if item.number is None or item.line_id is None:
        return "–"
    address = line_address(page, report.project.id, item.line_id)
    return f'<a href="{escape(address)}">{item.number}</a>' if page else str(item.number)
