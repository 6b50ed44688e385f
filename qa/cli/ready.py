"""What has to be right before the first recording is touched."""

from qa.cli.terminal import download_bars
from qa.models import store
from qa.pipeline.adapters import Toolbox
from qa.pipeline.runner import Pipeline
from qa.pipeline.stages import all_stages
from qa.settings import Settings
from qa.speech.roles import parse_role_map


def ready_pipeline(settings: Settings) -> Pipeline:
    """The pipeline, once packs, role map and recogniser are known to be there.

    Raises `BadPackError`, `BadOptionError`, `NotFoundError` or `ModelError` now, not after an hour's decoding.
    """
    toolbox = Toolbox(settings)
    _ = toolbox.rulebook
    parse_role_map(settings.speech.role_map)
    with download_bars() as bars:
        store.ensure_whisper(settings.speech.model, settings, bars)
    return Pipeline(settings, all_stages(toolbox))
