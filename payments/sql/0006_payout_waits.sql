-- As in 0004, with one step back: a payout that the provider says it never made, for want of money of ours, waits again as
-- approved. `n_unsent` counts these, and `sent_at` is that of the newest sending.
CREATE OR REPLACE FUNCTION payments_payout_forward_only() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_is_unsent boolean := OLD.status = 'processing' AND NEW.status = 'approved' AND OLD.provider_payout_id IS NULL
        AND NEW.provider_payout_id IS NULL AND NEW.sent_at IS NULL AND NEW.n_unsent = OLD.n_unsent + 1;
BEGIN
    IF NEW.status <> OLD.status AND NOT v_is_unsent AND (OLD.status, NEW.status) NOT IN (
        ('requested', 'approved'), ('requested', 'rejected'), ('approved', 'processing'), ('approved', 'rejected'),
        ('processing', 'paid'), ('processing', 'returned'), ('paid', 'returned'))
    THEN
        RAISE EXCEPTION 'payout % cannot go from % to %', OLD.uid, OLD.status, NEW.status
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (NEW.uid, NEW.user_id, NEW.method_id, NEW.request_id, NEW.amount_centi, NEW.currency, NEW.amount_minor,
        NEW.rate_micro, NEW.needs_two, NEW.risk, NEW.created_at)
       IS DISTINCT FROM (OLD.uid, OLD.user_id, OLD.method_id, OLD.request_id, OLD.amount_centi, OLD.currency,
        OLD.amount_minor, OLD.rate_micro, OLD.needs_two, OLD.risk, OLD.created_at)
       OR (OLD.approved_by_id IS NOT NULL
           AND (NEW.approved_by_id, NEW.approved_at) IS DISTINCT FROM (OLD.approved_by_id, OLD.approved_at))
       OR (OLD.second_approver_id IS NOT NULL AND NEW.second_approver_id IS DISTINCT FROM OLD.second_approver_id)
       OR (OLD.provider_payout_id IS NOT NULL AND NEW.provider_payout_id IS DISTINCT FROM OLD.provider_payout_id)
       OR (OLD.sent_at IS NOT NULL AND NEW.sent_at IS DISTINCT FROM OLD.sent_at AND NOT v_is_unsent)
       OR (NEW.n_unsent <> OLD.n_unsent AND NOT v_is_unsent)
       OR (OLD.completed_at IS NOT NULL AND NEW.completed_at IS DISTINCT FROM OLD.completed_at)
    THEN
        RAISE EXCEPTION 'what was agreed for payout % does not change', OLD.uid
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
