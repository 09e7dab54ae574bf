-- What was decided and what was done is never rewritten. Old rows leave only through the retention job, which
-- says so for its own transaction: SET LOCAL pairly.retention = 'on'.
CREATE FUNCTION security_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('pairly.retention', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the record is append-only: % on %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON security_auditentry FOR EACH ROW EXECUTE FUNCTION security_refuse_change();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON security_auditentry FOR EACH STATEMENT EXECUTE FUNCTION security_refuse_change();
CREATE TRIGGER risk_append_only BEFORE UPDATE OR DELETE ON security_riskdecision FOR EACH ROW EXECUTE FUNCTION security_refuse_change();
CREATE TRIGGER risk_no_truncate BEFORE TRUNCATE ON security_riskdecision FOR EACH STATEMENT EXECUTE FUNCTION security_refuse_change();
