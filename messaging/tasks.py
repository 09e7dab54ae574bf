from __future__ import annotations

from celery import shared_task

from .services import answers, attachment_sweeps, deadlines, delivery, key_approvals, plans, presence, prices


@shared_task(name="messaging.void_overdue_holds")
def void_overdue_holds() -> int:
    """Every 15 s: refunds what was not answered in time."""
    return deadlines.void_overdue_holds()


@shared_task(name="messaging.tell_expiring_holds")
def tell_expiring_holds() -> int:
    """Every minute: tells both sides of credits that go back soon."""
    return deadlines.tell_expiring_holds()


@shared_task(name="messaging.sweep_unpushed")
def sweep_unpushed() -> int:
    """Every 10 s: pushes what a crash left unpushed."""
    return delivery.sweep()


@shared_task(name="messaging.move_presence")
def move_presence() -> int:
    """Every 30 s: writes down who came and went, and tells those who write with them."""
    return presence.move()


@shared_task(name="messaging.tell_presence")
def tell_presence(*, user_id: int) -> None:
    """Somebody turned a switch of their presence: open pages follow."""
    presence.tell(user_id=user_id)


@shared_task(name="messaging.start_due_plans")
def start_due_plans() -> int:
    """Every 15 s: messages whose time has come wait for a device of their writer from now on."""
    return plans.start_due()


@shared_task(name="messaging.sweep_approvals")
def sweep_approvals() -> int:
    """Every hour: deletes what devices asked for a day ago."""
    return key_approvals.sweep()


@shared_task(name="messaging.settle_answers")
def settle_answers() -> int:
    """Every 60 s: pays answers that are paid late, returns what nobody decided about in time."""
    return answers.pay_answered() + answers.return_undecided()


# -- attachments
@shared_task(name="messaging.expire_attachments")
def expire_attachments() -> int:
    """Every 15 min: forgets what was uploaded a day ago and no message refers to."""
    return attachment_sweeps.expire()


@shared_task(name="messaging.sweep_attachments")
def sweep_attachments() -> int:
    """Every 6 h: erases what a crash left of deleted messages, and files that no row names."""
    return attachment_sweeps.sweep()


@shared_task(name="messaging.tell_price")
def tell_price(*, user_id: int) -> None:
    """A creator's price changed, or they are away or back: open pages follow."""
    prices.tell(user_id=user_id)
