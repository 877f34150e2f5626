"""Readers of timelines: each opens a format with another library than it was written with, or, where there is none that is kept up and
exact, by the format's own description."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import rpp
from lxml import etree

from liveshow.handoff.timelines.neutral import Timeline, Track
from liveshow.timebase import frames_a_day, parse_timecode
from tests.timeline_conformance import Seen, SeenClip, SeenMarker


def exact(rate: float) -> Fraction:
    """The rate that a float stands for."""
    likely = (Fraction(round(rate)), Fraction(round(rate) * 1000, 1001), Fraction(rate).limit_denominator(1000))
    return min(likely, key=lambda fraction: abs(fraction - Fraction(rate)))


def seconds(time: Any) -> Fraction:
    """A RationalTime in seconds, to a millionth of a frame."""
    return Fraction(round(time.value * 1_000_000), 1_000_000) / exact(time.rate)


def _clips(track: Any, stretch: bool = True) -> Iterator[SeenClip]:
    for clip in track.find_clips():
        place, source, media = clip.range_in_parent(), clip.source_range, clip.media_reference.available_range
        speeds = [e.time_scalar for e in clip.effects if isinstance(e, otio.schema.LinearTimeWarp)] if stretch else []
        start = seconds(place.start_time)
        begin = seconds(source.start_time) - seconds(media.start_time)
        speed = Fraction(speeds[0]).limit_denominator(10**9) if speeds else Fraction(1)
        yield SeenClip(clip.name, start, start + seconds(place.duration), begin, speed, seconds(source.start_time))


def _markers(markers: Any, since: Fraction = Fraction(0)) -> list[SeenMarker]:
    return [SeenMarker(m.name, seconds(m.marked_range.start_time) - since, seconds(m.marked_range.duration)) for m in markers]


def read_otio(files: Sequence[Path], timeline: Timeline) -> Seen:
    """Through OpenTimelineIO."""
    (file,) = files
    made = otio.adapters.read_from_file(str(file))
    for clip in made.find_clips():
        beside = file.parent / clip.media_reference.target_url
        assert file.suffix == ".otioz" or beside.exists()
    return Seen(
        made.name,
        exact(made.global_start_time.rate),
        round(made.global_start_time.value),
        {_key(t.metadata["liveshow"]): list(_clips(t)) for t in made.tracks},
        _markers(made.tracks.markers),
        {t.metadata["liveshow"]["feed"]: t.metadata["liveshow"]["performers"][0]["color"] for t in made.tracks if t.color},
        " ".join(t.name for t in made.tracks),
    )


def _key(told: Any) -> str:
    return f"{told['feed']}.sound" if told.get("own_sound") else str(told["feed"])


def read_fcp7(files: Sequence[Path], timeline: Timeline) -> Seen:
    """Through OpenTimelineIO's reader of Final Cut Pro 7 XML."""
    (file,) = files
    made = otio.adapters.read_from_file(str(file), adapter_name="fcp_xml")
    text = file.read_text(encoding="utf-8")
    found = {}
    for track, each in zip(timeline.tracks, made.tracks, strict=True):
        found[track.key] = [_sped(clip, item) for clip, item in zip(_clips(each), each.find_clips(), strict=True)]
    rates = {
        seconds_of: int(seconds_of) for seconds_of in etree.fromstring(text.encode()).xpath("sequence/rate/timebase/text()")
    }
    assert set(rates.values()) == {round(timeline.rate)}
    return Seen(
        made.name,
        exact(made.global_start_time.rate),
        round(made.global_start_time.value),
        found,
        _markers(made.tracks.markers),
        None,
        " ".join(etree.fromstring(text.encode()).xpath("//mastercomment1/text()")),
    )


def _sped(clip: SeenClip, item: Any) -> SeenClip:
    """With the speed that the XML has as a filter, whose in and out count in the time it is played at."""
    for effect in item.effects:
        told = {p["parameterid"]: p["value"] for p in effect.metadata["fcp_xml"]["parameter"]}
        speed = Fraction(told["speed"]) / 100
        source = None if clip.source is None else clip.source + clip.begin * (speed - 1)
        return SeenClip(clip.name, clip.start, clip.end, clip.begin * speed, speed, source)
    return clip


def read_edl(files: Sequence[Path], timeline: Timeline) -> Seen:
    """Through OpenTimelineIO's reader of CMX 3600; markers by the lines themselves, since it passes over drop-frame ones."""
    found: dict[str, list[SeenClip]] = {}
    markers: list[SeenMarker] = []
    credits, name, rates = "", "", set()
    for file in files:
        feed = file.name.removeprefix("s1.").removesuffix(".edl")
        text = file.read_text(encoding="utf-8")
        made = otio.adapters.read_from_file(
            str(file), adapter_name="cmx_3600", rate=float(timeline.rate), ignore_timecode_mismatch=True
        )
        name = made.name
        (track,) = made.tracks
        of_feed = next(t for t in timeline.tracks if t.key == feed)
        found[feed] = list(_events(track, of_feed, text, timeline))
        locators = re.findall(r"^\* LOC: (\S+) (\w+) +(.*)$", text, re.MULTILINE)
        markers = [SeenMarker(words, _since(at, timeline)) for at, _, words in locators]
        credits += text
        rates |= set(re.findall(r"COMMENT: (\S+) frames", text))
    assert rates == {str(timeline.rate)}
    return Seen(name if len(timeline.name) <= 70 else None, timeline.rate, None, found, markers, None, credits)


def _since(code: str, timeline: Timeline) -> Fraction:
    drops = timeline.drops(timeline.rate)
    assert (";" in code) == drops
    frames = parse_timecode(code, timeline.rate, drops) - timeline.start_frame
    return Fraction(frames if frames >= 0 else frames + frames_a_day(timeline.rate, drops)) / timeline.rate


def _events(track: Any, feed: Track, text: str, timeline: Timeline) -> Iterator[SeenClip]:
    """The events, at the record timecode of their lines: beyond midnight, OpenTimelineIO's own gaps go wrong."""
    records = re.findall(r"^\d{3} .* (\S+) (\S+) (\S+) (\S+)$", text, re.MULTILINE)
    for clip, (_, _, start, end) in zip(track.find_clips(), records, strict=True):
        of = next(c for c in feed.clips if c.name == Path(clip.name).stem)
        source = seconds(clip.source_range.start_time)
        assert Path(clip.media_reference.target_url).name == Path(of.file).name
        begin = source - of.media_start / of.rate
        yield SeenClip(of.name, _since(start, timeline), _since(end, timeline), begin, Fraction(1), source)


def read_aaf(files: Sequence[Path], timeline: Timeline) -> Seen:
    """Through OpenTimelineIO's reader of AAF."""
    (file,) = files
    made = otio.adapters.read_from_file(str(file))
    tracks = [t for t in made.tracks if t.kind in ("Video", "Audio")]
    by_name = {track.name: list(_clips(track)) for track in tracks}
    found = {feed.key: by_name.get(feed.name, []) for feed in timeline.tracks}
    events = [_in_tracks(m, item, made) for track in tracks for item in (track, *track) for m in item.markers]
    comments = [str(c.metadata.get("AAF", {}).get("UserComments", {})) for c in made.find_clips()]
    return Seen(
        made.name,
        exact(made.global_start_time.rate),
        round(made.global_start_time.value),
        found,
        [*events, *_markers(made.tracks.markers)],
        None,
        " ".join([*comments, *(t.name for t in tracks)]),
    )


def _in_tracks(marker: Any, item: Any, timeline: Any) -> SeenMarker:
    """A marker that the reader has moved to whatever lies there, back in the time of all tracks."""
    place = item.transformed_time_range(marker.marked_range, timeline.tracks)
    return SeenMarker(marker.name, seconds(place.start_time), seconds(place.duration))


def read_fcpxml(files: Sequence[Path], timeline: Timeline) -> Seen:
    """By Apple's description of FCPXML: times are fractions, an anchored clip lies at its offset in its parent's time."""
    (file,) = files
    root = etree.parse(str(file)).getroot()
    dtd = etree.DTD(str(Path(__file__).with_name("fcpxml.dtd")))
    assert dtd.validate(root), dtd.error_log
    project, *others = root.iter("project")
    begins, frame = _sequence(project, timeline)
    (gap,) = project.find("sequence/spine")
    assert (_time(gap.get("offset")), _time(gap.get("start"))) == (begins, begins)
    assets = {asset.get("id"): asset for asset in root.iter("asset")}
    found: dict[str, list[SeenClip]] = {}
    for clip in gap.iter("asset-clip"):
        video, audio = clip.get("videoRole"), clip.get("audioRole")
        feed = (video or audio).split(".")[1]
        own = audio is not None and assets[clip.get("ref")].get("hasVideo") == "1"
        found.setdefault(f"{feed}.sound" if own else feed, []).append(_asset_clip(clip, assets, begins, frame))
    markers = [SeenMarker(m.get("value"), _time(m.get("start")) - begins, _time(m.get("duration"))) for m in gap.iter("marker")]
    keywords = " ".join(keyword.get("value") for keyword in gap.iter("keyword"))
    angles = _angles(root, assets, begins, frame)
    for other in others:
        assert _sequence(other, timeline) == (begins, frame)
        (cut,) = other.find("sequence/spine")
        assert (cut.tag, _time(cut.get("offset")), _time(cut.get("start"))) == ("mc-clip", begins, begins)
    return Seen(project.get("name"), 1 / frame, int(begins / frame), found, markers, None, keywords, angles)


def _sequence(project: Any, timeline: Timeline) -> tuple[Fraction, Fraction]:
    """When it begins, and how long a frame of it is."""
    sequence = project.find("sequence")
    assert sequence.get("tcFormat") == ("DF" if timeline.drops(timeline.rate) else "NDF")
    form = project.getroottree().find(f".//format[@id='{sequence.get('format')}']")
    return _time(sequence.get("tcStart")), _time(form.get("frameDuration"))


def _asset_clip(clip: Any, assets: dict[str, Any], begins: Fraction, frame: Fraction) -> SeenClip:
    asset = assets[clip.get("ref")]
    if clip.get("srcEnable") != "audio":
        assert asset.get("hasVideo") == "1"
    if clip.get("srcEnable", "all") != "video":
        assert int(asset.get("audioChannels")) > 0
    offset, lasts = _time(clip.get("offset")) - begins, _time(clip.get("duration"))
    assert (offset / frame).denominator == (lasts / frame).denominator == 1, "on frames"
    origin, start = _time(asset.get("start")), _time(clip.get("start"))
    speed = Fraction(1)
    if points := [(_time(p.get("time")), _time(p.get("value"))) for p in clip.iter("timept")]:
        (t0, v0), (t1, v1) = points
        speed = (v1 - v0) / (t1 - t0)
        start = v0 + (start - t0) * speed
        speed = speed.limit_denominator(10**7)
    assert origin <= start
    assert start + lasts * speed <= origin + _time(asset.get("duration")) + frame
    return SeenClip(clip.get("name"), offset, offset + lasts, start - origin, speed, start)


def _angles(root: Any, assets: dict[str, Any], begins: Fraction, frame: Fraction) -> dict[str, list[SeenClip]] | None:
    """The angles of the multicam clip, in which everything lies end to end; each is there to be switched to."""
    found: dict[str, list[SeenClip]] = {}
    for angle in root.iter("mc-angle"):
        at = begins
        for item in angle:
            assert _time(item.get("offset")) == at, "end to end"
            at += _time(item.get("duration"))
        clips = [_asset_clip(clip, assets, begins, frame) for clip in angle.iter("asset-clip")]
        found[angle.get("angleID")] = clips
    for cut in root.iter("mc-clip"):
        sources = {source.get("angleID"): source.get("srcEnable") for source in cut.iter("mc-source")}
        assert set(sources) <= set(found)
        assert root.find(f".//media[@id='{cut.get('ref')}']/multicam") is not None
        assert next(iter(sources.values())) in ("video", "all")
    return found or None


def _time(text: str) -> Fraction:
    assert text.endswith("s")
    found = Fraction(text[:-1])
    assert found.denominator < 2**31, "as Final Cut Pro takes it"
    return found


def read_rpp(files: Sequence[Path], timeline: Timeline) -> Seen:
    """Through the rpp package."""
    (file,) = files
    project = rpp.loads(file.read_text(encoding="utf-8"))
    found: dict[str, list[SeenClip]] = {}
    colors: dict[str, str] = {}
    credits = ""
    for track in project.findall("TRACK"):
        name = _line(track, "NAME")[0]
        feed = name.split(" · ")[0]
        credits += name
        found[feed] = [_item(item) for item in track.findall("ITEM")]
        if color := track.find("PEAKCOL"):
            number = int(color[1])
            colors[feed] = f"#{number & 255:02x}{number >> 8 & 255:02x}{number >> 16 & 255:02x}"
    lines = [line[1:] for line in project.findall("MARKER")]
    begun = {line[0]: line for line in reversed(lines)}
    spans = {line[0]: Fraction(line[1]) for line in lines if line[2] == "" and line[3] == "1"}
    markers = [SeenMarker(b[2], Fraction(b[1]), spans.get(n, Fraction(b[1])) - Fraction(b[1])) for n, b in begun.items()]
    base, counting = _line(project, "TIMEMODE")[3:5]
    rate = Fraction(int(base)) if counting == "0" else Fraction(int(base) * 1000, 1001)
    assert (counting == "1") == timeline.drops(rate)
    begins = round(Fraction(_line(project, "PROJOFFS")[0]) * timeline.rate)
    return Seen(_line(project, "TITLE")[0], rate, begins, found, markers, colors, credits)


def _line(parent: Any, name: str) -> list[str]:
    return list(map(str, parent.find(name)[1:]))


def _item(item: Any) -> SeenClip:
    start, lasts, begin = (Fraction(_line(item, key)[0]) for key in ("POSITION", "LENGTH", "SOFFS"))
    assert Path(_line(item.find("SOURCE"), "FILE")[0]).stem == _line(item, "NAME")[0]
    return SeenClip(_line(item, "NAME")[0], start, start + lasts, begin, Fraction(_line(item, "PLAYRATE")[0]))


def read_dawproject(files: Sequence[Path], timeline: Timeline) -> Seen:
    """By the reference of DAWproject; checked against a schema of what it allows."""
    (file,) = files
    schema = etree.XMLSchema(etree.parse(str(Path(__file__).with_name("dawproject.xsd"))))
    with zipfile.ZipFile(file) as archive:
        root, about = (etree.fromstring(archive.read(name)) for name in ("project.xml", "metadata.xml"))
    schema.assertValid(root)
    schema.assertValid(about)
    tracks = {track.get("id"): track for track in root.iter("Track")}
    found: dict[str, list[SeenClip]] = {}
    colors: dict[str, str] = {}
    for lane in root.iterfind("Arrangement/Lanes/Lanes"):
        track = tracks[lane.get("track")]
        feed = track.get("name").split(" · ")[0]
        found[feed] = [_daw_clip(clip) for clip in lane.iter("Clip")]
        if track.get("color"):
            colors[feed] = track.get("color")
    markers = [SeenMarker(m.get("name"), Fraction(m.get("time"))) for m in root.iter("Marker")]
    return Seen(about.findtext("Title"), None, None, found, markers, colors, " ".join(t.get("name") for t in tracks.values()))


def _daw_clip(clip: Any) -> SeenClip:
    start, lasts, begin = (Fraction(clip.get(key)) for key in ("time", "duration", "playStart"))
    speed = Fraction(1)
    if warps := [(Fraction(w.get("time")), Fraction(w.get("contentTime"))) for w in clip.iter("Warp")]:
        (_, _), (time, content) = warps
        speed = (content / time).limit_denominator(10**7)
    (media,) = clip.iter("File")
    assert media.get("external") == "true"
    return SeenClip(Path(media.get("path")).stem, start, start + lasts, begin * speed, speed)


def read_kdenlive(files: Sequence[Path], timeline: Timeline) -> Seen:
    """By MLT's description of its XML."""
    (file,) = files
    root = etree.parse(str(file)).getroot()
    profile = root.find("profile")
    rate = Fraction(int(profile.get("frame_rate_num")), int(profile.get("frame_rate_den")))
    media = {p.get("id"): {v.get("name"): v.text or "" for v in p.iter("property")} for p in root.iter("producer")}
    found = {t.key: list(_entries(root.find(f"playlist[@id='playlist-{t.key}']"), media, rate)) for t in timeline.tracks}
    bin_ = {v.get("name"): v.text for v in root.find("playlist[@id='main_bin']").iter("property")}
    guides = json.loads(bin_["kdenlive:docproperties.guides"])
    markers = [SeenMarker(g["comment"], Fraction(g["pos"]) / rate) for g in guides]
    begins = parse_timecode(bin_["kdenlive:docproperties.start_timecode"], rate, timeline.drops(rate))
    names = " ".join(v.text or "" for v in root.iterfind(".//tractor/property[@name='kdenlive:track_name']"))
    tagged = {v["liveshow:feed"]: v["kdenlive:tags"] for v in media.values() if v.get("kdenlive:tags")}
    assert tagged == {t.feed: t.people[0].color.hex for t in timeline.tracks if t.people and t.clips}
    return Seen(root.get("title"), rate, begins, found, markers, None, names)


def _entries(playlist: Any, media: dict[str, dict[str, str]], rate: Fraction) -> Iterator[SeenClip]:
    at = 0
    for entry in playlist:
        if entry.tag == "blank":
            at += int(entry.get("length"))
        elif entry.tag == "entry":
            told, first, last = media[entry.get("producer")], int(entry.get("in")), int(entry.get("out"))
            assert 0 <= first <= last < int(told["length"])
            speed = Fraction(told.get("warp_speed", "1"))
            name = Path(told.get("warp_resource", told["resource"])).stem
            lasts = last - first + 1
            yield SeenClip(name, at / rate, (at + lasts) / rate, first / rate * speed, speed)
            at += lasts
