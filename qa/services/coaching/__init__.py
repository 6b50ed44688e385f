"""Coaching notices and disputes.

A notice is drafted from what a reviewer confirmed in a finalised review, edited, issued, and then acknowledged
or disputed by its agent (`NoticeService`). A dispute is ruled by somebody else than whoever judged before, step
by step, and every ruling that changes something is a new version of the review (`DisputeService`). Whether a
notice worked is told by the same rules on the same agent's calls before and after (`NoticeService.effect`).
"""

from qa.services.coaching.disputes import DisputeService, Judge
from qa.services.coaching.notices import NoticeService
from qa.services.coaching.views import DisputeView, EffectView, NoticePage, NoticeView, PointView, RulingView

__all__ = [
    "DisputeService",
    "DisputeView",
    "EffectView",
    "Judge",
    "NoticePage",
    "NoticeService",
    "NoticeView",
    "PointView",
    "RulingView",
]
