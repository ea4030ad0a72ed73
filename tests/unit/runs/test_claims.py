"""Claims: one owner at a time, whatever clocks say, and nobody waits for the dead."""

import errno
import os
import subprocess
import threading
import time
from pathlib import Path

import pytest

from taskscope.errors import RunError
from taskscope.runs import claims
from taskscope.runs.claims import Claims, claimed

KEY = "a" * 64


def dead_owner(root: Path, number: int = 0) -> Path:
    """Leave the claim of a process that is gone."""
    child = subprocess.Popen(["true"])
    with Claims(root) as own:
        assert own.take("b" * 64)
        where = next((root / "claims").iterdir()).read_text().split(".")[0]
    child.wait()
    path = root / "claims" / f"{KEY}.{number}"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{where}.{child.pid}.abc")
    return path


def elsewhere(root: Path) -> Path:
    """Leave the claim of a process on another machine, of which nothing can be known."""
    path = root / "claims" / f"{KEY}.0"
    path.parent.mkdir(exist_ok=True)
    path.write_text("another-machine.1.abc")
    return path


def test_one_owner_until_it_lets_go(tmp_path: Path) -> None:
    with Claims(tmp_path) as one, Claims(tmp_path) as two:
        assert one.take(KEY) and not two.take(KEY) and not one.take(KEY)
        assert claimed(tmp_path).keys() == {KEY}
        one.release(KEY)
        assert two.take(KEY)
    assert not (tmp_path / "claims").exists() and claimed(tmp_path) == {}


def test_the_claim_of_a_dead_process_is_overruled_at_once(tmp_path: Path) -> None:
    dead_owner(tmp_path)
    assert claimed(tmp_path) == {}
    with Claims(tmp_path) as one, Claims(tmp_path) as two:
        assert one.take(KEY) and not two.take(KEY)
        assert {p.name for p in (tmp_path / "claims").iterdir()} == {f"{KEY}.0", f"{KEY}.1"}
        one.release(KEY)
        assert not list((tmp_path / "claims").iterdir())


def test_what_a_process_leaves_that_died_after_its_cell_was_stored_is_swept(tmp_path: Path) -> None:
    dead_owner(tmp_path)
    with Claims(tmp_path):
        pass
    assert (tmp_path / "claims" / f"{KEY}.0").exists()  # not stored: the next to claim it overrules it
    (tmp_path / "cells" / KEY).mkdir(parents=True)
    with Claims(tmp_path):
        pass
    assert not (tmp_path / "claims").exists()


def test_many_that_overrule_at_once_make_one_owner(tmp_path: Path) -> None:
    for _ in range(20):
        dead_owner(tmp_path)
        many = [Claims(tmp_path) for _ in range(8)]
        taken: list[bool] = []
        start = threading.Barrier(len(many))

        def take(claims: Claims, taken: list[bool] = taken, start: threading.Barrier = start) -> None:
            start.wait()
            taken.append(claims.take(KEY))

        threads = [threading.Thread(target=take, args=(one,)) for one in many]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(taken) == 1
        next(one for one in many if one._held).release(KEY)


@pytest.mark.parametrize("written", ["", "another-machine.1.abc", "no name at all"])
def test_a_claim_of_unknown_owner_expires_only_when_nobody_touches_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    path = elsewhere(tmp_path)
    path.write_text(written)
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with Claims(tmp_path) as claims_here:
        for beat in range(5):  # its owner lives, however long this process looks on
            os.utime(path, ns=(beat, beat))
            assert not claims_here.take(KEY)
            now[0] += claims.LEASE - 1
        assert not claims_here.take(KEY)
        now[0] += 2
        assert claims_here.take(KEY)


@pytest.mark.parametrize("jump", [-1e9, 1e9])
def test_wall_clocks_that_jump_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    path = elsewhere(tmp_path)
    with Claims(tmp_path) as claims_here:
        assert not claims_here.take(KEY)
        monkeypatch.setattr(time, "time", lambda: 1.7e9 + jump)
        assert not claims_here.take(KEY)
        os.utime(path, (1.7e9 + jump, 1.7e9 + jump))  # the owner's clock jumps
        assert not claims_here.take(KEY)


def test_an_owner_keeps_its_claims_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "BEAT", 0.01)
    with Claims(tmp_path) as one:
        one.take(KEY)
        path = next((tmp_path / "claims").iterdir())
        os.utime(path, ns=(1, 1))
        deadline = time.monotonic() + 30
        while path.stat().st_mtime_ns == 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert path.stat().st_mtime_ns > 1


def test_another_process_may_remove_the_empty_folder_just_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, vanish = Path.mkdir, [True, True, True]

    def mkdir(path: Path, **options: bool) -> None:
        made(path, **options)
        if vanish and vanish.pop():
            path.rmdir()

    with Claims(tmp_path) as one:
        monkeypatch.setattr(Path, "mkdir", mkdir)
        assert one.take(KEY) and not vanish


def test_a_claim_that_a_full_disk_leaves_without_an_owner_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with Claims(tmp_path) as one:
        with monkeypatch.context() as patch, pytest.raises(RunError, match="disk is full"):
            patch.setattr(claims, "new_writer", full)
            one.take(KEY)
        assert not list((tmp_path / "claims").iterdir())
        assert one.take(KEY)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "claims").write_text("in the way")
    with Claims(tmp_path) as one, pytest.raises(RunError, match="could not be written"):
        one.take(KEY)
