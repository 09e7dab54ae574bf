-- A payout goes forward only, along these steps; what was agreed never changes, and what was decided or sent neither.
CREATE FUNCTION payments_payout_forward_only() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.status <> OLD.status AND (OLD.status, NEW.status) NOT IN (
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
       OR (OLD.sent_at IS NOT NULL AND NEW.sent_at IS DISTINCT FROM OLD.sent_at)
       OR (OLD.completed_at IS NOT NULL AND NEW.completed_at IS DISTINCT FROM OLD.completed_at)
    THEN
        RAISE EXCEPTION 'what was agreed for payout % does not change', OLD.uid
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER payout_forward_only BEFORE UPDATE ON payments_payout
    FOR EACH ROW EXECUTE FUNCTION payments_payout_forward_only();

-- A method is never turned into another account: whose it is and through whom it pays stay, and removed is removed.
CREATE FUNCTION payments_payout_method_stays() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (NEW.uid, NEW.user_id, NEW.kind, NEW.currency, NEW.country, NEW.provider_account_id, NEW.created_at)
       IS DISTINCT FROM (OLD.uid, OLD.user_id, OLD.kind, OLD.currency, OLD.country, OLD.provider_account_id,
        OLD.created_at)
       OR (OLD.state = 'removed' AND NEW.state <> 'removed')
       OR NEW.usable_at < OLD.usable_at
       OR (NEW.sealed_details IS NOT NULL AND NEW.sealed_details IS DISTINCT FROM OLD.sealed_details)
    THEN
        RAISE EXCEPTION 'payout method % stays what it is', OLD.uid USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER payout_method_stays BEFORE UPDATE ON payments_payoutmethod
    FOR EACH ROW EXECUTE FUNCTION payments_payout_method_stays();

-- The timeline is written once, and money rows stay.
REVOKE UPDATE, DELETE, TRUNCATE ON payments_payoutstep FROM pairly_app;
REVOKE DELETE, TRUNCATE ON payments_payout, payments_payoutmethod FROM pairly_app;
