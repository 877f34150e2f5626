"""From checked tables to the model."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from liveshow.model import (
    AlarmLimits,
    Consent,
    ControlSettings,
    Device,
    Feed,
    FeedKind,
    HandoffSettings,
    Item,
    Performer,
    RecordingSettings,
    ReviewSettings,
    Setup,
    Show,
    TimecodeSettings,
)
from liveshow.setupfile.keys import (
    AudioKeys,
    CameraAlarmKeys,
    CameraKeys,
    ControlKeys,
    HandoffKeys,
    ItemKeys,
    MicAlarmKeys,
    RecordingKeys,
    ReviewKeys,
    SetupKeys,
    TimecodeKeys,
)
from liveshow.setupfile.slugs import unique_slugs

_CAMERA_LIMITS, _MIC_LIMITS = AlarmLimits(), AlarmLimits(rate=4.0)
_OPTIONS = ("width", "height", "fps", "format", "transport")


def build(keys: SetupKeys, today: date, timezone: str) -> Setup:
    """The setup that the tables describe; `today` and `timezone` stand in where the file names none."""
    show = keys.show
    return Setup(
        show=Show(show.title, show.venue, show.date or today, show.timezone or timezone, show.frame_rate),
        recording=_recording(keys.recording),
        handoff=_handoff(keys.handoff),
        devices=(*map(_camera, keys.camera), *map(_sound_device, keys.audio)),
        performers=tuple(Performer(p.id, p.name, p.role, tuple(p.feeds)) for p in keys.performer),
        items=_items(keys.item),
        timecode=_timecode(keys.timecode),
        control=_control(keys.control),
        review=_review(keys.review),
    )


def _recording(keys: RecordingKeys) -> RecordingSettings:
    return RecordingSettings(keys.folder, keys.part_minutes, keys.mirror or "", keys.reserve_minutes)


def _handoff(keys: HandoffKeys) -> HandoffSettings:
    consent = Consent.YES if keys.consent == "granted" else Consent.HOLD
    made = HandoffSettings(keys.library, keys.handles, keys.licence, consent, tuple(keys.timelines))
    return replace(
        made,
        exact=keys.exact,
        gaps=keys.gaps,
        resample=keys.resample,
        measures=keys.measures,
        previews=keys.previews,
        mhl=keys.mhl,
        sign=keys.sign,
        certificate=keys.certificate or "",
        key=keys.key or "",
    )


def _control(keys: ControlKeys | None) -> ControlSettings:
    if keys is None:
        return ControlSettings()
    return ControlSettings(
        http=keys.http or "",
        osc=keys.osc or "",
        osc_feedback=tuple(keys.osc_feedback),
        certificate=keys.certificate or "",
        key=keys.key or "",
        origins=tuple(keys.origins),
    )


def _review(keys: ReviewKeys | None) -> ReviewSettings:
    if keys is None:
        return ReviewSettings()
    return ReviewSettings(
        http=keys.http,
        url=(keys.url or "").rstrip("/"),
        certificate=keys.certificate or "",
        key=keys.key or "",
        hours=keys.hours,
        stays_minutes=keys.stays_minutes,
        terms=keys.terms,
    )


def _timecode(keys: TimecodeKeys | None) -> TimecodeSettings:
    return TimecodeSettings(keys.ltc or "", keys.mtc or "") if keys else TimecodeSettings()


def _camera(keys: CameraKeys) -> Device:
    feed = Feed(keys.id, FeedKind.CAMERA, keys.id, shared=keys.shared, delay_ms=keys.delay_ms, backup=keys.backup or "")
    feed = replace(feed, alarms=_limits(_CAMERA_LIMITS, keys.alarms))
    options = {name: value for name in _OPTIONS if (value := getattr(keys, name)) is not None}
    return Device(keys.id, FeedKind.CAMERA, keys.source, (feed,), options=options)


def _limits(usual: AlarmLimits, keys: CameraAlarmKeys | MicAlarmKeys | None) -> AlarmLimits:
    return replace(usual, **keys.model_dump(exclude_none=True)) if keys else usual


def _sound_device(keys: AudioKeys) -> Device:
    limits = _limits(_MIC_LIMITS, keys.alarms)
    feeds = tuple(
        Feed(
            mic.id,
            FeedKind.MIC,
            keys.id,
            mic.channel,
            mic.shared,
            keys.delay_ms if mic.delay_ms is None else mic.delay_ms,
            mic.backup or "",
            _limits(limits, mic.alarms),
        )
        for mic in keys.mic
    )
    return Device(keys.id, FeedKind.MIC, keys.source, feeds, keys.sample_rate)


def _items(items: list[ItemKeys]) -> tuple[Item, ...]:
    """The running order. An item without an id takes a slug of its title that no other item has."""
    given = [item.id for item in items if item.id]
    made = iter(unique_slugs((item.title for item in items if not item.id), given))
    return tuple(
        Item(
            item.id or next(made),
            item.title,
            tuple(item.performers),
            item.minutes,
            {performer: tuple(feeds) for performer, feeds in item.feeds.items()},
        )
        for item in items
    )
