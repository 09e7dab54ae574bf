-- As in 0001, with money that goes back in any order: the status is the furthest of what happened to a payment. Two steps
-- lead back, for then the money is here again: a refund that failed after all, and a lost dispute that an appeal won.
CREATE OR REPLACE FUNCTION payments_rank(p_status text) RETURNS int
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE p_status WHEN 'created' THEN 0 WHEN 'failed' THEN 1 WHEN 'expired' THEN 1 WHEN 'paid' THEN 2
        WHEN 'disputed' THEN 3 WHEN 'won' THEN 4 WHEN 'refunded' THEN 5 WHEN 'lost' THEN 6 END
$$;

CREATE OR REPLACE FUNCTION payments_forward_only() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.status <> OLD.status AND payments_rank(NEW.status) <= payments_rank(OLD.status)
       AND NOT (OLD.status = 'refunded' AND NEW.refunded_minor < OLD.refunded_minor AND payments_rank(NEW.status) >= 2)
       AND NOT (OLD.status = 'lost' AND NEW.status IN ('won', 'refunded')) THEN
        RAISE EXCEPTION 'payment % cannot go from % to %', OLD.uid, OLD.status, NEW.status
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (NEW.uid, NEW.user_id, NEW.request_id, NEW.provider, NEW.package, NEW.currency, NEW.amount_minor,
        NEW.credits_centi, NEW.created_at)
       IS DISTINCT FROM (OLD.uid, OLD.user_id, OLD.request_id, OLD.provider, OLD.package, OLD.currency,
        OLD.amount_minor, OLD.credits_centi, OLD.created_at)
       OR (OLD.provider_session_id IS NOT NULL AND NEW.provider_session_id IS DISTINCT FROM OLD.provider_session_id)
       OR (OLD.provider_payment_id IS NOT NULL AND NEW.provider_payment_id IS DISTINCT FROM OLD.provider_payment_id)
       OR (OLD.paid_at IS NOT NULL AND NEW.paid_at IS DISTINCT FROM OLD.paid_at)
       OR (OLD.warned_at IS NOT NULL AND NEW.warned_at IS DISTINCT FROM OLD.warned_at)
    THEN
        RAISE EXCEPTION 'what was agreed for payment % does not change', OLD.uid
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

-- A refund or dispute goes forward too, and what the ledger took for it stays as it was. An answer of the provider's that was
-- overtaken on its way changes nothing.
CREATE FUNCTION payments_money_back_rank(p_state text) RETURNS int
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE p_state WHEN 'pending' THEN 0 WHEN 'succeeded' THEN 1 WHEN 'failed' THEN 2
        WHEN 'warning' THEN 0 WHEN 'open' THEN 1 WHEN 'lost' THEN 2 WHEN 'won' THEN 3 END
$$;

CREATE FUNCTION payments_money_back_forward_only() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.state <> OLD.state AND payments_money_back_rank(NEW.state) <= payments_money_back_rank(OLD.state)
       OR (NEW.uid, NEW.payment_id, NEW.kind, NEW.request_id, NEW.requested_by_id, NEW.created_at)
          IS DISTINCT FROM (OLD.uid, OLD.payment_id, OLD.kind, OLD.request_id, OLD.requested_by_id, OLD.created_at)
       OR (OLD.provider_object_id IS NOT NULL AND NEW.provider_object_id IS DISTINCT FROM OLD.provider_object_id)
       OR (OLD.unspent_centi IS NOT NULL
           AND (NEW.amount_minor, NEW.unspent_centi, NEW.held_centi, NEW.reserve_centi, NEW.debt_centi)
               IS DISTINCT FROM (OLD.amount_minor, OLD.unspent_centi, OLD.held_centi, OLD.reserve_centi, OLD.debt_centi))
    THEN
        RAISE EXCEPTION '% % cannot go from % to %', OLD.kind, OLD.uid, OLD.state, NEW.state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER money_back_forward_only BEFORE UPDATE ON payments_moneyback
    FOR EACH ROW EXECUTE FUNCTION payments_money_back_forward_only();

REVOKE DELETE, TRUNCATE ON payments_moneyback FROM pairly_app;
