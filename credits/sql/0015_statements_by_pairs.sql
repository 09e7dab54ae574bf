-- As in 0013, with the accounts' movements looked for by pairs (account, id) and never by "account = ...": a plan that is kept for any
-- account might read the key of all movements and filter.
CREATE OR REPLACE FUNCTION credits_first_line(p_accounts bigint[], p_from timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE v_account bigint; v_low bigint; v_high bigint; v_middle bigint; v_id bigint; v_at timestamptz; v_found bigint;
BEGIN
    FOREACH v_account IN ARRAY p_accounts LOOP
        SELECT t.id INTO v_low FROM credits_transfer t
         WHERE t.debit >= v_account AND t.debit <= v_account ORDER BY t.debit, t.id LIMIT 1;
        SELECT t.id + 1 INTO v_high FROM credits_transfer t
         WHERE t.debit >= v_account AND t.debit <= v_account ORDER BY t.debit DESC, t.id DESC LIMIT 1;
        WHILE v_low < v_high LOOP
            v_middle := v_low + (v_high - v_low) / 2;
            SELECT t.id, t.created_at INTO v_id, v_at FROM credits_transfer t
             WHERE (t.debit, t.id) >= (v_account, v_middle) ORDER BY t.debit, t.id LIMIT 1;
            IF v_at >= p_from - interval '1 hour' THEN v_high := v_middle; ELSE v_low := v_id + 1; END IF;
        END LOOP;
        SELECT t.id INTO v_id FROM credits_transfer t
         WHERE (t.debit, t.id) >= (v_account, v_low) AND t.debit <= v_account AND t.created_at >= p_from
         ORDER BY t.debit, t.id LIMIT 1;
        v_found := least(v_found, v_id);

        SELECT t.id INTO v_low FROM credits_transfer t
         WHERE t.credit >= v_account AND t.credit <= v_account ORDER BY t.credit, t.id LIMIT 1;
        SELECT t.id + 1 INTO v_high FROM credits_transfer t
         WHERE t.credit >= v_account AND t.credit <= v_account ORDER BY t.credit DESC, t.id DESC LIMIT 1;
        WHILE v_low < v_high LOOP
            v_middle := v_low + (v_high - v_low) / 2;
            SELECT t.id, t.created_at INTO v_id, v_at FROM credits_transfer t
             WHERE (t.credit, t.id) >= (v_account, v_middle) ORDER BY t.credit, t.id LIMIT 1;
            IF v_at >= p_from - interval '1 hour' THEN v_high := v_middle; ELSE v_low := v_id + 1; END IF;
        END LOOP;
        SELECT t.id INTO v_id FROM credits_transfer t
         WHERE (t.credit, t.id) >= (v_account, v_low) AND t.credit <= v_account AND t.created_at >= p_from
         ORDER BY t.credit, t.id LIMIT 1;
        v_found := least(v_found, v_id);
    END LOOP;
    RETURN v_found;
END $$;

CREATE OR REPLACE FUNCTION credits_balances_before(p_accounts bigint[], p_before bigint) RETURNS TABLE (account bigint, balance bigint)
LANGUAGE sql STABLE AS $$
    SELECT a.account, COALESCE((
        SELECT last.balance FROM (
            (SELECT t.id, t.debit_after AS balance FROM credits_transfer t
              WHERE (t.debit, t.id) < (a.account, p_before) AND t.debit >= a.account
              ORDER BY t.debit DESC, t.id DESC LIMIT 1)
            UNION ALL
            (SELECT t.id, t.credit_after FROM credits_transfer t
              WHERE (t.credit, t.id) < (a.account, p_before) AND t.credit >= a.account
              ORDER BY t.credit DESC, t.id DESC LIMIT 1)) last
         ORDER BY last.id DESC LIMIT 1), 0)
      FROM unnest(p_accounts) a (account)
$$;
