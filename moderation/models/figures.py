from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class DailyFigures(models.Model):
    """What happened on one day (UTC), counted in the night after. Counts only, of nobody in particular.

    NULL is "nobody knows": who was active is known in the night after alone, a median needs something to be the
    median of.
    """

    day = models.DateField(primary_key=True)
    counted_at = models.DateTimeField()
    kept_centi = models.BigIntegerField()  # fees, less those that were given back: it may be below zero
    n_joined = models.PositiveIntegerField()
    # Of those who joined seven days before, and of them who bought within seven days of joining.
    n_cohort = models.PositiveIntegerField()
    n_cohort_bought = models.PositiveIntegerField()
    n_active_day = models.PositiveIntegerField(null=True, blank=True)
    n_active_week = models.PositiveIntegerField(null=True, blank=True)  # the seven days up to this one
    n_active_month = models.PositiveIntegerField(null=True, blank=True)  # the thirty days up to this one
    n_answers = models.PositiveIntegerField()
    median_answer_s = models.PositiveBigIntegerField(null=True, blank=True)
    n_cases_decided = models.PositiveIntegerField()
    median_decision_s = models.PositiveBigIntegerField(null=True, blank=True)
    n_reports = models.PositiveIntegerField()
    n_reports_upheld = models.PositiveIntegerField()
    n_reports_dismissed = models.PositiveIntegerField()
    n_sanctions = models.PositiveIntegerField()
    n_sanctions_automated = models.PositiveIntegerField()
    n_appeals = models.PositiveIntegerField()
    n_appeals_granted = models.PositiveIntegerField()
    n_appeals_refused = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "daily figures"
        constraints = [
            models.CheckConstraint(condition=Q(n_cohort_bought__lte=F("n_cohort")), name="figures_part_of_cohort"),
            models.CheckConstraint(
                condition=Q(n_answers=0, median_answer_s__isnull=True)
                | Q(n_answers__gt=0, median_answer_s__isnull=False),
                name="figures_median_of_answers",
            ),
            models.CheckConstraint(
                condition=Q(n_cases_decided=0, median_decision_s__isnull=True)
                | Q(n_cases_decided__gt=0, median_decision_s__isnull=False),
                name="figures_median_of_decisions",
            ),
        ]

    def __str__(self) -> str:
        return f"figures of {self.day}"


class DailyRevenue(models.Model):
    """The purchases of one day in one currency, and the money that went back on it. Minor units."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    currency = models.CharField(max_length=3)
    n_purchases = models.PositiveIntegerField()
    purchased_minor = models.PositiveBigIntegerField()
    n_refunds = models.PositiveIntegerField()
    refunded_minor = models.PositiveBigIntegerField()
    n_disputes = models.PositiveIntegerField()
    disputed_minor = models.PositiveBigIntegerField()

    class Meta:
        verbose_name_plural = "daily revenue"
        constraints = [models.UniqueConstraint(fields=["day", "currency"], name="revenue_once_a_day")]

    def __str__(self) -> str:
        return f"{self.currency} of {self.day}"
