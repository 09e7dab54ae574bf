-- What was reported is never rewritten; it leaves only through the retention job, as in 0001.
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON security_securityevent FOR EACH ROW EXECUTE FUNCTION security_refuse_change();
CREATE TRIGGER event_no_truncate BEFORE TRUNCATE ON security_securityevent FOR EACH STATEMENT EXECUTE FUNCTION security_refuse_change();
-- An alert that somebody resolved stays as they left it; its evidence only grows.
CREATE FUNCTION security_refuse_reopening() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.state = 'open' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the alert is resolved: % on %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER alert_resolved_once BEFORE UPDATE OR DELETE ON security_fraudalert FOR EACH ROW EXECUTE FUNCTION security_refuse_reopening();
CREATE TRIGGER alert_evidence_append_only BEFORE UPDATE OR DELETE ON security_fraudalert_decisions FOR EACH ROW EXECUTE FUNCTION security_refuse_change();
