-- A payment's status goes forward only: the rank grows with every change. Money that arrives late still counts, so
-- failed and expired lie before paid.
CREATE FUNCTION payments_rank(p_status text) RETURNS int
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE p_status WHEN 'created' THEN 0 WHEN 'failed' THEN 1 WHEN 'expired' THEN 1 WHEN 'paid' THEN 2
        WHEN 'disputed' THEN 3 WHEN 'won' THEN 4 WHEN 'refunded' THEN 5 WHEN 'lost' THEN 5 END
$$;

CREATE FUNCTION payments_forward_only() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.status <> OLD.status AND payments_rank(NEW.status) <= payments_rank(OLD.status) THEN
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
    THEN
        RAISE EXCEPTION 'what was agreed for payment % does not change', OLD.uid
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER payment_forward_only BEFORE UPDATE ON payments_payment
    FOR EACH ROW EXECUTE FUNCTION payments_forward_only();

-- Money rows and the memory of notices stay.
REVOKE DELETE, TRUNCATE ON payments_payment, payments_webhookevent FROM pairly_app;
