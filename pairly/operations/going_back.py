"""Which migrations would have to be reversed for an earlier version, and what that would destroy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection, migrations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.fields import FieldOperation
from django.db.migrations.recorder import MigrationRecorder

from .errors import OperationFailed

Key = tuple[str, str]
# Their reversal touches no row.
_HARMLESS = (
    migrations.AddIndex,
    migrations.RemoveIndex,
    migrations.RenameIndex,
    migrations.AddConstraint,
    migrations.RemoveConstraint,
    migrations.AlterModelOptions,
    migrations.AlterModelManagers,
    migrations.AlterField,
    migrations.RenameField,
    migrations.RenameModel,
)


@dataclass(frozen=True, kw_only=True)
class Back:
    """One migration to reverse. `loss` says what would be destroyed, "" for nothing."""

    name: str
    loss: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`backs` in the order of their reversal; `targets` are the arguments of `migrate` that do it."""

    backs: list[Back]
    targets: list[Key]


def list_known() -> list[str]:
    """Every migration that this code knows, as app.name; asks no database."""
    loader = MigrationLoader(None)
    return sorted(f"{app}.{name}" for app, name in loader.disk_migrations)


def plan(*, known: Iterable[str]) -> Plan:
    """What to reverse so that code which knows the migrations `known` finds its own schema.

    Raises OperationFailed when something is applied that this code does not know either: then only the version that
    applied it can say.
    """
    loader = MigrationLoader(connection)
    theirs = set(known)
    newer = [key for key in loader.applied_migrations if f"{key[0]}.{key[1]}" not in theirs]
    strange = [key for key in newer if key not in loader.disk_migrations]
    if strange:
        names = ", ".join(f"{app}.{name}" for app, name in sorted(strange))
        raise OperationFailed(f"applied by a version that is newer than this one: {names}")
    order = _newest_first(loader, newer)
    backs = [Back(name=f"{app}.{name}", loss=_loss_of(loader, (app, name))) for app, name in order]
    return Plan(backs=backs, targets=_targets(loader, newer))


def _newest_first(loader: MigrationLoader, newer: list[Key]) -> list[Key]:
    wanted, order = set(newer), []
    for leaf in loader.graph.leaf_nodes():
        order += [key for key in loader.graph.forwards_plan(leaf) if key in wanted and key not in order]
    return order[::-1]


def _targets(loader: MigrationLoader, newer: list[Key]) -> list[Key]:
    """For each app the last migration that stays, `zero` when none does."""
    targets = []
    for app in sorted({key[0] for key in newer}):
        staying = sorted(
            name for its_app, name in MigrationRecorder(connection).applied_migrations() if its_app == app
            and (its_app, name) not in newer
        )  # fmt: skip
        targets.append((app, staying[-1] if staying else "zero"))
    return targets


def _loss_of(loader: MigrationLoader, key: Key) -> str:
    state = loader.project_state(key, at_end=True)
    losses = [_loss(operation, key[0], state) for operation in loader.disk_migrations[key].operations]
    return "; ".join(loss for loss in losses if loss)


def _loss(operation: Operation, app: str, state: object) -> str:
    if not operation.reversible:
        return f"{operation.describe()}: cannot be reversed"
    if isinstance(operation, _HARMLESS):
        return ""
    if isinstance(operation, migrations.CreateModel):
        return _if_rows(state, app, operation.name, f"the rows of {operation.name}")
    if isinstance(operation, migrations.AddField):
        return _if_rows(state, app, operation.model_name, f"{operation.model_name}.{operation.name}")
    if isinstance(operation, (migrations.DeleteModel, migrations.RemoveField)):
        what = operation.model_name if isinstance(operation, FieldOperation) else operation.name
        return f"{what} would come back empty"
    return f"{operation.describe()}: its own SQL or Python, which only people can judge"


def _if_rows(state: object, app: str, model: str, what: str) -> str:
    table = state.apps.get_model(app, model)._meta.db_table  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT FROM {connection.ops.quote_name(table)})")  # noqa: S608 - our own table
        row = cursor.fetchone()
    return what if row and row[0] else ""
