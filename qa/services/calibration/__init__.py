"""Calibration 校准: several people judge the same calls without seeing what the machine or the others say.

While a round is open everybody sees only their own answers. Once it is closed: agreement per item (Krippendorff's
alpha), each person against the gold answers (or the majority) with weighted kappa, every disagreement side by
side, and how each person has drifted over the rounds.
"""

from qa.services.calibration.service import OVERALL, CalibrationService
from qa.services.calibration.views import (
    Agreement,
    BlindCall,
    BlindItem,
    CallProgress,
    Disagreement,
    Drift,
    NewRound,
    Outcomes,
    PersonAgreement,
    RoundView,
)

__all__ = [
    "OVERALL",
    "Agreement",
    "BlindCall",
    "BlindItem",
    "CalibrationService",
    "CallProgress",
    "Disagreement",
    "Drift",
    "NewRound",
    "Outcomes",
    "PersonAgreement",
    "RoundView",
]
