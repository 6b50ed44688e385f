"""The models and rules that the stages work with, built from the settings, each on first use.

Nothing here may load a model when it is imported or constructed: worker processes fork, and CTranslate2 and
torch hang after a fork that follows their first use.
"""

from functools import cached_property

from qa.audio.decode import DecodeLimits
from qa.lexicon.loader import load_packs
from qa.models import store
from qa.rules.engine import RuleBook
from qa.settings import Settings
from qa.speech.activity import OmniActivityDetector
from qa.speech.base import ActivityDetector, Diarizer, Transcriber
from qa.speech.diarize import PyannoteDiarizer
from qa.speech.roles import RoleOptions
from qa.speech.whisper import WhisperOptions, WhisperTranscriber


class Toolbox:
    """Everything a stage may need, made when first asked for."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
