"""Audit export 合规审计导出: a frozen snapshot of calls and what was found and said, as an evidence pack.

`ExportService.request` writes down what is wanted; whoever calls `write` (the service's own exporter, or the
command `tingjian export`) freezes the rows once and makes every format from them, so that all hold the same. An
export that was interrupted goes on where it stopped.
"""

from qa.services.export.service import ExportService
from qa.services.export.views import ExportPage, ExportState, ExportView, Format, Wanted, day_start

__all__ = ["ExportPage", "ExportService", "ExportState", "ExportView", "Format", "Wanted", "day_start"]
