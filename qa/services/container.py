"""Builds the services of one process and hands them out as one object."""

from dataclasses import dataclass

from qa.db.engine import Database
from qa.services.analysis import AnalysisService
from qa.services.audit import AuditService
from qa.services.bulk import BulkService
from qa.services.calibration import CalibrationService
from qa.services.coaching import DisputeService, NoticeService
from qa.services.custody import CustodyService, Deleter, MasterKeys, Vault
from qa.services.doorbell import Doorbell, SilentDoorbell
from qa.services.export import ExportService
from qa.services.intake import IntakeService
from qa.services.keys import KeyService
from qa.services.people import People, open_people
from qa.services.privacy import PrivacyService
from qa.services.push import PushService
from qa.services.recordings import RecordingService
from qa.services.review import ReviewServices, open_review
from qa.services.rulebook import RuleService
from qa.services.search import SearchService
from qa.services.uploads import UploadService
from qa.settings import Settings
from qa.storage.base import Storage
from qa.storage.local import LocalStorage


@dataclass(frozen=True, slots=True)
class Services:
    """The use cases. Each call is one transaction; all methods are synchronous and thread-safe."""

    settings: Settings
    database: Database
    storage: Storage
    vault: Vault
    intake: IntakeService
    analysis: AnalysisService
    recordings: RecordingService
    uploads: UploadService
    search: SearchService
    people: People
    review: ReviewServices
    notices: NoticeService
    disputes: DisputeService
    push: PushService
    calibration: CalibrationService
    keys: KeyService
    privacy: PrivacyService
    audit: AuditService
    exports: ExportService
    rules: RuleService
    custody: CustodyService
    bulk: BulkService

    def close(self) -> None:
        """Give database connections back."""
        self.database.close()


def open_services(settings: Settings, doorbell: Doorbell | None = None, *, migrate: bool = False) -> Services:
    """Connect to database and storage.

    `doorbell` tells workers about new work (`workers.doorbell.CeleryDoorbell`); without one, work waits for the
    sweeper. `migrate` brings the schema up to date first; do it once, where the service starts.
    Raises `StorageError` or `DependencyError`.
    """
    storage = LocalStorage(settings.home)
    database = Database(settings.resolved_database_url)
    if migrate:
        database.migrate()
    bell = doorbell or SilentDoorbell()
    vault = Vault(
        database,
        storage,
        MasterKeys(settings.home, settings.custody),
        settings.home / "scratch",
        encrypt=settings.custody.encrypt,
    )
    recordings = RecordingService(database, storage, vault)
    analysis = AnalysisService(database, bell, settings.ledger)
    intake = IntakeService(database, storage, vault, bell, settings.intake, settings.time_zone)
    keys = KeyService(settings.home, settings.evidence)
    review = open_review(database, settings.review, analysis, bell)
    privacy = PrivacyService(database, settings.privacy)
    audit = AuditService(database, keys, settings.evidence, settings.home)
    search = SearchService(database, settings.time_zone)
    exports = ExportService(
        database, settings.home, keys, audit, recordings, privacy, review.plans, settings.evidence
    )
    rules = RuleService(database, settings.rules, settings.time_zone)
    server = settings.server
    return Services(
        settings=settings,
        database=database,
        storage=storage,
        vault=vault,
        intake=intake,
        analysis=analysis,
        recordings=recordings,
        uploads=UploadService(database, storage, intake, settings.intake),
        search=search,
        people=open_people(database, settings),
        review=review,
        notices=NoticeService(database, settings.coaching),
        disputes=DisputeService(database, review.closing, settings.coaching),
        calibration=CalibrationService(database),
        push=PushService(database, settings.push, f"http://{server.host}:{server.port}"),
        keys=keys,
        custody=CustodyService(
            database, Deleter(database, storage, vault, keys, settings.home / "cache"), settings.custody
        ),
        privacy=privacy,
        audit=audit,
        rules=rules,
        exports=exports,
        bulk=BulkService(search, analysis, review.asking, exports, rules, settings.bulk),
    )
