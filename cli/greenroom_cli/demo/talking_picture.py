"""A recording made on the spot: a sample portrait that sways a little, and a synthetic voice with pauses."""

from __future__ import annotations

from pathlib import Path

import skimage.data

from greenroom_cli.demo.voice import speak
from greenroom_media.run import Limits, running

SCRIPT = """
Last year I led a project across three departments. <break time="700ms"/>
First, I listened to what each team needed, because nobody agreed on the goal. <break time="1800ms"/>
Then we wrote down one goal, and who decides what. <break time="600ms"/>
As a result, we shipped two weeks early, and complaints fell by a third.
"""


def talking_picture(folder: Path) -> Path:
    """Write a WebM (VP8, Opus, 1280×720, 25 fps) of about twenty seconds into `folder`."""
    voice, video = folder / "voice.wav", folder / "talking-picture.webm"
    speak(f"<speak>{SCRIPT}</speak>", voice)
    portrait = Path(skimage.data.__file__).with_name("astronaut.png")
    picture = "scale=1280:1280,crop=1280:720:0:'110+30*sin(1.3*t)',format=yuv420p"
    arguments = [
        *("-loop", "1", "-framerate", "25", "-i", str(portrait), "-i", str(voice)),
        *("-vf", picture, "-c:v", "libvpx", "-b:v", "1500k", "-deadline", "realtime"),
        *("-cpu-used", "8", "-g", "50", "-c:a", "libopus", "-shortest", "-y", str(video)),
    ]
    with running(arguments, Limits(wall_s=300, cpu_s=300)):
        pass
    return video
