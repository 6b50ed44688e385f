"""What a stage is: one step of the road, whose output is kept under a hash of everything it depends on."""

import hashlib
from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, TypeVar

from qa.audio.decode import DecodedAudio, decode
from qa.core.base import Record
from qa.pipeline.adapters import Toolbox
from qa.pipeline.context import Phase, RunContext

Out = TypeVar("Out", bound=Record)
StageHook = Callable[[float, float], None]
"""`hook(done, total)` of the running stage."""


class Stage(Generic[Out]):
    """One step of the road. Subclasses are stateless apart from the toolbox."""

    name: ClassVar[str]
    version: ClassVar[str]
    """Raised whenever the same input could give another output."""
    phase: ClassVar[Phase] = Phase.SPEECH
    batched: ClassVar[bool] = False
    """Several recordings are computed together."""
    kept: ClassVar[bool] = True
    """Worth keeping: it takes longer to make than to look up."""
    output: type[Out]

    def __init__(self, tools: Toolbox) -> None:
        self.tools = tools

    def applies(self, ctx: RunContext) -> bool:  # noqa: ARG002 - for those that ask
        """Whether this recording needs the stage at all."""
        return True

    def fingerprint(self, ctx: RunContext) -> str:  # noqa: ARG002 - for those that ask
        """Options, models and rules the output depends on."""
        return ""

    def compute(self, batch: Sequence[RunContext], hook: StageHook) -> list[Out]:
        """One output per context, in order."""
        raise NotImplementedError

    def accept(self, ctx: RunContext, out: Out) -> None:
        """Put the output, fresh or cached, into the context; may raise `SkipRecording`."""
        raise NotImplementedError

    def input_hash(self, ctx: RunContext) -> str:
        """SHA-256 over everything the output depends on: this fingerprint and those of the stages before."""
        parts = [self.name, self.version, self.fingerprint(ctx), *ctx.input_hashes.values()]
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def samples_of(ctx: RunContext, tools: Toolbox, hook: StageHook | None = None) -> DecodedAudio:
    """The sound, decoded on first need: a run that finds everything in the cache never decodes."""
    if ctx.decoded is None:
        report = hook or (lambda _done, _total: None)
        with ctx.source.sound() as path:
            ctx.decoded = decode(path, ctx.workdir, tools.decode_limits, lambda _s, d, t: report(d, t))
    return ctx.decoded
