"""The verbs about files on their way into a project. Part of `Studio`, the class to use.

Enter: what is to come, then its bytes in order (`receive_upload`). Leave: an `Upload` that tells how far it is; when it is whole, the project it
became part of (`take_upload`), after the very checks that `upload_media` makes. Everything raised is a StudioError.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path, PurePath

from studio.domain.errors import BadMedia, BadSetting
from studio.domain.media import MediaInfo
from studio.domain.project import Project, Source
from studio.domain.rights import Right
from studio.domain.upload import NewUpload, Purpose, Room, TooLarge, Upload
from studio.line_verbs import MAX_NAME_CHARS
from studio.lip_verbs import LipVerbs
from studio.media.probe import probe
from studio.media.sniff import HEAD_BYTES, Refusal, sniff
from studio.store.uploads import Admit, Receiver, coming_bytes

NO_BOUNDS = Room(0, 0, 0, None)


class UploadVerbs(LipVerbs):
    def begin_upload(self, name: str, size_bytes: int, purpose: Purpose, project_id: str | None = None) -> Upload:
        """Announce a file; refused before a byte of it arrives where it is too large, beyond the owner's quota, or more than the disk holds.

        Raises NotFound or Forbidden for the project, TooLarge, QuotaSpent, BadMedia for an empty file, BadSetting, OutOfSpace."""
        owner = self.user
        if project_id is None:
            self.require(Right.EDIT)
        else:
            owner = self._may(project_id, Right.EDIT).owner
        new = NewUpload(self.user, name, size_bytes, purpose, project_id)
        if size_bytes > (most := purpose.max_bytes(self._shop.limits)):
            raise TooLarge(name, size_bytes, most)
        if not size_bytes:
            raise BadMedia(name, "it is empty (0 bytes).")
        most_open = self._shop.keeping.get().max_open_uploads
        return self._shop.uploads.begin(new, max_open=most_open, admit=self._admission(owner, size_bytes, name), payer=owner)

    def uploads(self) -> tuple[Upload, ...]:
        """This person's files on their way, the oldest first."""
        return self._shop.uploads.list(self.user)

    def upload(self, upload_id: str) -> Upload:
        """One of them. Raises NotFound for one that is not theirs."""
        return self._shop.uploads.get(upload_id, self.user)

    def receive_upload(self, upload_id: str, at_bytes: int) -> AbstractContextManager[Receiver]:
        """Where the bytes from `at_bytes` on are written. What came stays, however the block ends. Raises UploadBusy, WrongOffset, OutOfSpace."""
        upload = self.upload(upload_id)
        if upload.project_id is not None:
            self._may(upload.project_id, Right.EDIT)
        return self._shop.uploads.receive(upload_id, self.user, at_bytes)

    def check_upload(self, upload: Upload, since_bytes: int = 0) -> None:
        """Judge a film or sound by its first bytes, as soon as they are here: `since_bytes` were before the piece that just came. One that is
        none is dropped. Raises BadMedia."""
        is_head_new = since_bytes < HEAD_BYTES and upload.received_bytes >= min(upload.size_bytes, HEAD_BYTES)
        if not upload.purpose.is_media or not is_head_new:
            return
        if isinstance(found := sniff(self._shop.uploads.part(upload)), Refusal):
            self._shop.uploads.forget(upload)
            raise BadMedia(upload.name, found.reason)

    def drop_upload(self, upload_id: str) -> None:
        """Take a file back; what came of it is deleted."""
        self._shop.uploads.forget(self.upload(upload_id))

    def open_for_upload(self, upload_id: str, source_language: str, target_language: str) -> Project:
        """The project a film belongs to: the one it was sent for, or a new one with its name, which is there while the film still arrives."""
        upload = self.upload(upload_id)
        if upload.project_id is not None:
            return self._own(upload.project_id)
        project = self.create_project(PurePath(upload.name).stem[:MAX_NAME_CHARS] or "Untitled", source_language, target_language)  # type: ignore[attr-defined]
        joined = self._shop.uploads.join(upload.id, self.user, project.id).project_id
        if joined != project.id and joined is not None:  # another window was quicker
            self._shop.projects.delete(project.id, self.user)
            self._shop.bin.erase(self.user, project.id)
            return self._own(joined)
        return project

    def join_upload(self, upload_id: str, project_id: str) -> Upload:
        """Say where a file belongs that was sent before its project was there. Raises QuotaSpent where that project's owner has no room for it."""
        upload, project = self.upload(upload_id), self._may(project_id, Right.EDIT)
        admit = None if project.owner == self.user else self._admission(project.owner, upload.size_bytes, upload.name)
        return self._shop.uploads.join(upload.id, self.user, project.id, admit=admit, payer=project.owner)

    def take_upload(self, upload_id: str) -> Project:
        """Make a whole film the source of its project, or a whole stem its bed. One that is no such thing is dropped, with its sentence."""
        upload = self.upload(upload_id)
        if upload.project_id is None or not upload.purpose.is_media:
            raise BadSetting(f"“{upload.name}” is no film or sound of a project.")
        if not upload.is_whole:  # else bytes could follow that nobody looks at
            raise BadSetting(f"“{upload.name}” is not here as a whole yet; send the rest of it first.")
        project = self._may(upload.project_id, Right.EDIT)
        path = self._shop.blobs.path(upload.blob) if upload.blob is not None and self._shop.blobs.exists(upload.blob) else self._shop.uploads.part(upload)
        try:
            info = self._checked(path, upload.name, upload.purpose)
        except BadMedia:
            self._shop.uploads.forget(upload)
            self._close_again(project, upload)
            raise
        key = self._shop.uploads.store(upload)
        after = self._sourced(project, upload.name, info, key) if upload.purpose is Purpose.MEDIA else self._bedded(project, key)
        self._shop.uploads.forget(upload)
        self._shop.audit.write(self.user, f"project.{upload.purpose.value}", project.id, size_bytes=upload.size_bytes)
        return after

    def take_script(self, upload_id: str) -> bytes:
        """The bytes of a whole script, which is dropped from the uploads."""
        upload = self.upload(upload_id)
        if upload.purpose.is_media or not upload.is_whole:
            raise BadSetting(f"“{upload.name}” is not here as a whole yet; send it once more.")
        data = self._shop.uploads.part(upload).read_bytes()
        self._shop.uploads.forget(upload)
        return data

    def upload_media(self, project_id: str, path: Path, name: str) -> Project:
        """Copy a file of this machine into the store and make it the project's source. Raises BadMedia with the one right sentence."""
        project = self._may(project_id, Right.EDIT)
        info = self._checked(path, name, Purpose.MEDIA)
        return self._sourced(project, name, info, self._shop.blobs.put_file(path))

    def upload_bed(self, project_id: str, path: Path, name: str) -> Project:
        """A music-and-effects stem to mix over, instead of the ducked original."""
        project = self._may(project_id, Right.EDIT)
        self._checked(path, name, Purpose.BED)
        return self._bedded(project, self._shop.blobs.put_file(path))

    # within

    def _admission(self, payer: str, size_bytes: int, name: str) -> Admit:
        """Refuses what goes beyond the payer's quota, counted while nobody else can add to it. What was on its way a moment ago counts even if it
        has left meanwhile: it may have become part of a project since that was counted."""
        room = self._shop.quotas.room(payer) if self._shop.quotas.is_bounded(payer) else NO_BOUNDS
        return lambda connection: replace(room, coming_bytes=max(room.coming_bytes, coming_bytes(connection, payer))).require(size_bytes, name)

    def _close_again(self, project: Project, upload: Upload) -> None:
        """A project that was opened for a file which is no film is not left behind, unless somebody has begun to work in it."""
        is_its_own = project.source is None and project.owner == self.user and project.created_at >= upload.created_at
        if is_its_own and not self._shop.lines.cast(project.id).lines:
            self._shop.projects.delete(project.id, self.user)
            self._shop.bin.erase(self.user, project.id)

    def _checked(self, path: Path, name: str, purpose: Purpose) -> MediaInfo:
        info = probe(path, name=name, limits=self._shop.limits)
        if purpose is Purpose.BED and not info.audio:
            raise BadMedia(name, "it has no sound, so it cannot be the music-and-effects bed.")
        return info

    def _sourced(self, project: Project, name: str, info: MediaInfo, key: str) -> Project:
        track = next((track.index for track in info.audio if track.is_default), 0)
        source = Source(name, key, info)
        return self._shop.projects.change(
            project.id, self.user, lambda now: replace(now, source=source, settings=replace(now.settings, audio_track=track, sound_shift_ms=0))
        )

    def _bedded(self, project: Project, key: str) -> Project:
        return self._shop.projects.change(project.id, self.user, lambda now: replace(now, bed_blob=key))
