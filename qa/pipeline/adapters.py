"""The models and rules that the stages work with, built from the settings, each on first use.

Nothing here may load a model when it is imported or constructed: worker processes fork, and CTranslate2 and
torch hang after a fork that follows their first use.
"""

from functools import cached_property

from qa.audio.decode import DecodeLimits
from qa.audio.options import BehaviourOptions
from qa.models import store
from qa.models.manifest import whisper_entry
from qa.pipeline.packs import PacksInForce
from qa.pipeline.verify import VerifyOptions
from qa.rules.ask_model import http_asker
from qa.rules.book import RuleBook
from qa.rules.call import Asker
from qa.settings import Settings
from qa.speech.activity import OmniActivityDetector
from qa.speech.base import ActivityDetector, Diarizer, Transcriber
from qa.speech.diarize import PyannoteDiarizer
from qa.speech.roles import RoleOptions
from qa.speech.tone import ToneOptions
from qa.speech.whisper import WhisperOptions, WhisperTranscriber


class Toolbox:
    """Everything a stage may need, made when first asked for."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._packs = PacksInForce(settings.rules)

    @cached_property
    def decode_limits(self) -> DecodeLimits:
        """Caps while decoding."""
        intake = self.settings.intake
        return DecodeLimits(
            max_bytes=intake.max_bytes, max_seconds=intake.max_seconds, max_channels=intake.max_channels
        )

    @cached_property
    def detector(self) -> ActivityDetector:
        """Finds speech, music and tones."""
        return OmniActivityDetector()

    @cached_property
    def transcriber(self) -> Transcriber:
        """The recogniser with its guards."""
        speech = self.settings.speech
        return WhisperTranscriber(
            WhisperOptions(
                model=speech.model,
                device=speech.device,
                compute_type=speech.compute_type,
                threads=speech.threads,
                batch_size=speech.batch_size,
                beam_size=speech.beam_size,
            ),
            lambda: store.ensure_whisper(speech.model, self.settings),
            self.model_label,
        )

    @cached_property
    def model_label(self) -> str:
        """Name and revision of the recogniser; the manifest knows it without touching the files."""
        known = whisper_entry(self.settings.speech.model)
        return known.label if known else store.locate_whisper(self.settings.speech.model, self.settings).label

    @cached_property
    def diarizer(self) -> Diarizer:
        """Tells two people on one channel apart."""
        return PyannoteDiarizer(self.settings)

    @cached_property
    def role_options(self) -> RoleOptions:
        """Which channel is whose, and when a role is sure enough."""
        return RoleOptions(role_map=self.settings.speech.role_map)

    @cached_property
    def behaviour_options(self) -> BehaviourOptions:
        """What is worth recording of how a call was spoken."""
        return BehaviourOptions()

    @cached_property
    def tone_options(self) -> ToneOptions:
        """How sound and words are weighed when tone is judged."""
        return ToneOptions()

    @cached_property
    def verify_options(self) -> VerifyOptions:
        """How a second hearing counts."""
        verify = self.settings.verification
        return VerifyOptions(
            similar=verify.similar,
            heard_if_said=verify.heard_if_said,
            heard_if_not_said=verify.heard_if_not_said,
            similar_odds=verify.similar_odds,
        )

    @cached_property
    def rulebook(self) -> RuleBook:
        """The packs in force. Raises `BadPackError`."""
        return self._packs.book

    def refresh(self) -> None:
        """Take up packs that have changed on disk; between two calls, never in the middle of one."""
        self._packs.refresh()
        vars(self).pop("rulebook", None)

    @cached_property
    def asker(self) -> Asker | None:
        """Whom `asks_model` asks; nobody unless an endpoint is set."""
        rules = self.settings.rules
        if not rules.model_url:
            return None
        key = rules.model_key.get_secret_value()
        return http_asker(rules.model_url, rules.model_name, key, rules.model_timeout_seconds)
