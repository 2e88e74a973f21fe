"""The module `vision` with each detector: portraits, several faces, none, turned recordings, real ones."""

import os
import subprocess
import sys
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

import pytest

from greenroom.domain.analysis import NotMeasured, Observation, in_order
from greenroom_vision.cascade import CascadeDetector
from greenroom_vision.detector import Faces, Picture, best_detector
from greenroom_vision.module import VisionModule
from tests.media_fixtures import H264, OPUS, VP8, MediaWorkshop, tone, turned

FACE = str(resources.files("greenroom_vision") / "golden" / "face.jpg")
MESH = pytest.param(
    "mesh",
    marks=pytest.mark.skipif(find_spec("mediapipe") is None, reason="no wheel of mediapipe"),
)
STILL = ("-loop", "1", "-framerate", "10", "-t", "6", "-i", FACE)
SIZE = "scale=320:384"


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> MediaWorkshop:
    return MediaWorkshop(tmp_path_factory.mktemp("workshop"))


@pytest.fixture(params=[MESH, "cascade"])
def module(request: pytest.FixtureRequest) -> VisionModule:
    return VisionModule(best_detector() if request.param == "mesh" else CascadeDetector())


def seen(module: VisionModule, path: Path) -> dict[str, list[Observation]]:
    found: dict[str, list[Observation]] = {}
    for item in module.observe({"camera": path}):
        found.setdefault(item.kind, []).append(item)
    return found


def test_the_self_test_passes_and_the_detector_is_named(module: VisionModule) -> None:
    module.self_test()
    assert module.version.startswith(("2.0.0+mediapipe-0.10.21", "2.0.0+opencv-haar-alt2-"))
    assert len(module.model_digest() or "") == 64


def test_a_detector_that_sees_faces_everywhere_fails_its_self_test() -> None:
    class Dreamer(CascadeDetector):
        def faces(self, picture: Picture) -> Faces:
            return Faces(1, 1.0)

    with pytest.raises(RuntimeError, match="1 faces in the golden picture no_face"):
        VisionModule(Dreamer()).self_test()


def test_where_the_face_is_hidden_there_is_none(
    module: VisionModule, workshop: MediaWorkshop
) -> None:
    hidden = f"{SIZE},drawbox=color=gray:t=fill:enable='between(t,2,4)'"
    clip = workshop.make(".webm", STILL, ("-vf", hidden), VP8)
    found = seen(module, clip)
    (gone,) = found["no_face"]
    step_s = 6 / found["face_presence"][0].n
    assert (gone.start_s, gone.end_s) == pytest.approx((2, 4), abs=step_s)
    assert [item.value for item in found["face"]] == [1, 1]
    assert found["face_presence"][0].value == pytest.approx(2 / 3, abs=0.17)
    again = module.observe({"camera": clip})
    assert again == in_order(again) == module.observe({"camera": clip})


@pytest.mark.parametrize("module", [MESH], indirect=True)
def test_several_faces_are_counted(module: VisionModule, workshop: MediaWorkshop) -> None:
    clip = workshop.make(".webm", STILL, ("-vf", f"{SIZE},split[a][b];[a][b]hstack"), VP8)
    (several,) = seen(module, clip)["several_faces"]
    assert several.value == 2
    assert (several.start_s, several.end_s) == pytest.approx((0, 6), abs=0.2)


def test_a_telephone_held_upright_is_no_matter(
    module: VisionModule, workshop: MediaWorkshop, tmp_path: Path
) -> None:
    lying = workshop.make(".mp4", STILL, ("-vf", f"{SIZE},transpose=clock"), H264)
    upright = tmp_path / "upright.mp4"
    upright.write_bytes(turned(lying.read_bytes(), 1))
    assert seen(module, upright)["face_presence"][0].value == 1
    assert seen(module, lying)["face_presence"][0].value == 0


@pytest.mark.parametrize(
    "source", ["testsrc2=size=640x360:rate=2", "mandelbrot=size=640x360:rate=2"]
)
def test_patterns_have_no_face(module: VisionModule, workshop: MediaWorkshop, source: str) -> None:
    clip = workshop.make(".webm", ("-f", "lavfi", "-i", source, "-t", "10"), VP8)
    assert seen(module, clip)["face_presence"][0].value == 0


def test_a_recording_without_a_picture_is_not_measured(
    module: VisionModule, workshop: MediaWorkshop
) -> None:
    with pytest.raises(NotMeasured, match="no picture"):
        module.observe({"camera": workshop.make(".webm", tone(2), OPUS)})


@pytest.mark.skipif(find_spec("mediapipe") is None, reason="no wheel of mediapipe")
def test_mediapipe_keeps_its_chatter_to_itself() -> None:
    program = (
        "from greenroom_vision.module import VisionModule; import sys;"
        "VisionModule().self_test(); print('ours', file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stderr == "ours\n"


@pytest.mark.testdata
@pytest.mark.skipif("GREENROOM_TESTDATA" not in os.environ, reason="GREENROOM_TESTDATA is not set")
@pytest.mark.parametrize(
    ("name", "least", "most"), [("answer_zh.webm", 0.95, 1), ("screen_1080p.webm", 0, 0)]
)
def test_people_are_seen_and_screens_are_not_people(
    module: VisionModule, name: str, least: float, most: float
) -> None:
    clip = Path(os.environ["GREENROOM_TESTDATA"]) / "clips" / name
    assert least <= seen(module, clip)["face_presence"][0].value <= most
