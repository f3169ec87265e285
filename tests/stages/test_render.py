"""The rendered film is as long as its source, whatever came in."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from studio.domain.errors import BadMedia, Cancelled
from studio.domain.settings import MixSettings
from studio.domain.timing import TimeSpan
from studio.media.decode import read_audio
from studio.media.probe import probe
from studio.stages.mix import MixRequest, PlacedTake, mix
from studio.stages.render import RenderRequest, clip_srt, render
from tests.media.samples import container_s, film, tone

SRT = "1\n00:00:00,300 --> 00:00:00,800\nHello\n\n2\n00:00:01,000 --> 01:00:00,000\nuntil the end\n\n3\n02:00:00,000 --> 02:00:01,000\ntoo late\n"


def dubbed(path: Path, folder: Path) -> tuple[Path, float]:
    """Dub a file with one tone; the result and how long one picture of it lasts, in ms."""
    info = probe(path, name=path.name)
    track = info.audio[0].index if info.audio else 0
    take = PlacedTake(tone(folder / "take.wav"), 300, TimeSpan(300, 800))
    mix(MixRequest(path, info, track, (take,), MixSettings()), folder / "mix.wav")
    request = RenderRequest(path, info, track, folder / "mix.wav", "en", "zh", source_srt=SRT, target_srt=SRT)
    return render(request, folder / "out.mp4").path, 1000 / float(info.fps)


def plays_to_the_end(path: Path) -> int:
    with av.open(str(path)) as opened:
        return sum(1 for _ in opened.decode(audio=0))


def test_a_dub_of_the_clip_has_picture_dub_original_and_two_subtitles(clip: Path, tmp_path: Path) -> None:
    out, _ = dubbed(clip, tmp_path)
    info = probe(out, name="out.mp4")
    assert info.duration_ms == 3000
    assert container_s(out) == 3.0
    assert info.video.frame_count == 75
    assert [track.language for track in info.audio] == ["zh", "en"]
    assert info.text_track_count == 2
    assert plays_to_the_end(out) > 100


def test_subtitles_are_left_out_where_there_are_none(clip: Path, tmp_path: Path) -> None:
    info = probe(clip, name="clip.mp4")
    mix(MixRequest(clip, info, 0, (), MixSettings()), tmp_path / "mix.wav")
    for source, target, count in ((None, None, 0), ("", "\n\n", 0), (None, SRT, 1)):
        request = RenderRequest(clip, info, 0, tmp_path / "mix.wav", "en", "de", source_srt=source, target_srt=target)
        assert probe(render(request, tmp_path / "out.mp4").path, name="out.mp4").text_track_count == count


def test_cues_are_cut_to_the_programme_and_counted_again() -> None:
    cut = clip_srt("7\r\n00:00:01,000 --> 00:00:09,000\r\nA\r\nB\r\n\r\n8\r\n00:00:05,000 --> 00:00:06,000\r\nC\r\n", 4000)
    assert cut == "1\n00:00:01,000 --> 00:00:04,000\nA\nB\n"
    assert clip_srt("1\n00:00:01,000 --> 00:00:02,000\n\n", 4000) == ""
    assert clip_srt("1\n00:00:02,000 --> 00:00:01,000\nbackwards\n", 4000) == ""


def test_progress_and_a_stop_are_heeded(clip: Path, tmp_path: Path) -> None:
    info = probe(clip, name="clip.mp4")
    mix(MixRequest(clip, info, 0, (), MixSettings()), tmp_path / "mix.wav")
    request = RenderRequest(clip, info, 0, tmp_path / "mix.wav", "en", "zh")
    told: list[tuple[int, int]] = []
    render(request, tmp_path / "out.mp4", progress=lambda done, total: told.append((done, total)))
    assert all(0 <= done <= total == 3000 for done, total in told)
    with pytest.raises(Cancelled):
        render(request, tmp_path / "other.mp4", cancel=lambda: True)
    assert not (tmp_path / "other.mp4").exists()


NASTY = [
    "bitflips.mp4", "ham_vfr.mp4", "interlaced_dv_like.mpg", "moviepy_attached_pic.mp3", "moviepy_audio_only_80ms.mp4",
    "moviepy_fire2_phone_rotated_vfr.mp4", "moviepy_no_duration.webm", "moviepy_transparent.webm", "od_mono8k.mp4", "od_no_audio.mp4",
    "od_odd_dims.mkv", "se_sample_MKV_delayed.mkv", "se_sample_XSUB.avi", "torchcodec_h265_10bit.mp4", "two_audio_tracks.mkv", "wav_named.mp4",
]  # fmt: skip
CLIPS = ["grid_speakers/lipnet_sbwe5n.mpg", "synthetic_face/vexpress_tys.mp4", "film_excerpts/deepdubber_crowd.mp4"]


def same_length(path: Path, folder: Path) -> None:
    """The dub lasts as long as its source to the frame, by our probe and, where the source says so, by its container."""
    out, frame_ms = dubbed(path, folder)
    source_ms, dub_ms = probe(path, name=path.name).duration_ms, probe(out, name="out.mp4").duration_ms
    assert abs(dub_ms - source_ms) <= frame_ms, f"{path.name}: {source_ms} ms became {dub_ms} ms"
    said_s = container_s(path)
    has_late_text = probe(path, name=path.name).text_track_count and said_s is not None and said_s * 1000 > source_ms + frame_ms
    if said_s is not None and not has_late_text:  # a source's own subtitles may outlast its picture; they are not carried over
        assert abs(container_s(out) - said_s) * 1000 <= frame_ms + 1, f"{path.name}: the container's {said_s} s became {container_s(out)} s"


@pytest.mark.corpus
@pytest.mark.parametrize("name", [f"nasty/media/{name}" for name in NASTY] + [f"clips/{name}" for name in CLIPS])
def test_real_files_keep_their_length_to_the_frame(corpus_dir: Path, tmp_path: Path, name: str) -> None:
    same_length(corpus_dir / name, tmp_path)


@pytest.mark.corpus
@pytest.mark.slow
def test_every_file_of_the_corpus_is_dubbed_or_refused_in_a_sentence(
    request: pytest.FixtureRequest, corpus_dir: Path, tmp_path: Path
) -> None:
    if not request.config.getoption("--whole-corpus"):
        pytest.skip("a few files of each kind were tried above; --whole-corpus tries them all")
    beside = {".csv", ".tsv", ".rttm", ".txt", ".md"}
    paths = [
        path
        for folder in ("clips", "nasty/media")
        for path in (corpus_dir / folder).rglob("*")
        if path.is_file() and path.suffix not in beside
    ]
    failures = []
    for path in sorted(paths):
        try:
            same_length(path, tmp_path)
        except BadMedia:
            continue
        except AssertionError as error:
            failures.append(str(error).split("\n")[0])
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize(
    ("name", "codecs"),
    [
        ("a.mp4", ("-c:v", "libx264", "-bf", "2", "-c:a", "aac")),
        ("a.mkv", ("-c:v", "libx264", "-bf", "2", "-c:a", "libopus")),
        ("a.mpg", ("-c:v", "mpeg2video", "-bf", "2", "-c:a", "mp2")),
        ("a.webm", ("-c:v", "libvpx", "-c:a", "libvorbis")),
        ("a.ts", ("-c:v", "libx264", "-bf", "2", "-c:a", "aac")),
    ],
)
def test_dub_original_and_picture_stay_in_step(tmp_path: Path, name: str, codecs: tuple[str, ...]) -> None:
    """The take sounds at its very ms in the finished file; the original's clicks lie where they lay in the source."""
    source = film(tmp_path / name, *codecs, seconds=3)
    info = probe(source, name=name)
    mix(MixRequest(source, info, 0, (PlacedTake(tone(tmp_path / "take.wav", hz=5000), 1234),), MixSettings()), tmp_path / "mix.wav")
    out = render(RenderRequest(source, info, 0, tmp_path / "mix.wav", "en", "zh"), tmp_path / "out.mp4").path
    dub, original, before = (first_track(out, 0), first_track(out, 1), first_track(source, 0))
    assert abs(onset_ms(dub, 5000, after_ms=900) - 1234) <= 6
    shift = int(np.argmax(np.correlate(original[1600:40_000], before[3200:38_400], "valid"))) - 1600
    assert abs(shift) <= 16 * 2, f"the original moved by {shift / 16} ms"
    assert abs(first_picture_s(out) - first_picture_s(source)) <= 0.001


def first_track(path: Path, track: int) -> np.ndarray:
    return read_audio(path, track=track, rate_hz=16_000, span=TimeSpan(0, 2900))


def onset_ms(samples: np.ndarray, hz: int, *, after_ms: int) -> int:
    """Where a tone first rises to half its later level, by a 2 ms window slid over the sound."""
    angle = np.exp(-2j * np.pi * hz * np.arange(len(samples)) / 16_000)
    level = np.abs(np.convolve(samples * angle, np.ones(32) / 32, "same"))
    late = level[after_ms * 16 :]
    return after_ms + int(np.argmax(late > late.max() / 2)) // 16


def first_picture_s(path: Path) -> float:
    """From the file's zero."""
    with av.open(str(path)) as opened:
        return next(opened.decode(video=0)).time - (opened.start_time or 0) / 1_000_000
