-- Statements by month. A movement is booked in the order of its id, which is the order of the balance; a month begins with
-- the first movement dated in it. Dates follow that order but for moments: each is the time of its operation, written a
-- moment later. What is written later than that stands where it was written, with its own date. So the movements of a
-- month are a range of ids, and balances at its ends stand in the movements next to them.

-- credits_first_line: the lowest id among the movements of these accounts that are dated at `p_from` or later; NULL when there
-- are none. It halves the range of ids by the indexes (debit, id) and (credit, id) down to an hour before `p_from`, and
-- reads on from there: no index on the date is kept, which every movement would have to write.
CREATE FUNCTION credits_first_line(p_accounts bigint[], p_from timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE v_account bigint; v_low bigint; v_high bigint; v_middle bigint; v_id bigint; v_at timestamptz; v_found bigint;
BEGIN
    FOREACH v_account IN ARRAY p_accounts LOOP
        SELECT min(t.id), max(t.id) + 1 INTO v_low, v_high FROM credits_transfer t WHERE t.debit = v_account;
        WHILE v_low < v_high LOOP
            v_middle := v_low + (v_high - v_low) / 2;
            SELECT t.id, t.created_at INTO v_id, v_at FROM credits_transfer t
             WHERE t.debit = v_account AND t.id >= v_middle ORDER BY t.id LIMIT 1;
            IF v_at >= p_from - interval '1 hour' THEN v_high := v_middle; ELSE v_low := v_id + 1; END IF;
        END LOOP;
        SELECT t.id INTO v_id FROM credits_transfer t
         WHERE t.debit = v_account AND t.id >= v_low AND t.created_at >= p_from ORDER BY t.id LIMIT 1;
        v_found := least(v_found, v_id);

        SELECT min(t.id), max(t.id) + 1 INTO v_low, v_high FROM credits_transfer t WHERE t.credit = v_account;
        WHILE v_low < v_high LOOP
            v_middle := v_low + (v_high - v_low) / 2;
            SELECT t.id, t.created_at INTO v_id, v_at FROM credits_transfer t
             WHERE t.credit = v_account AND t.id >= v_middle ORDER BY t.id LIMIT 1;
            IF v_at >= p_from - interval '1 hour' THEN v_high := v_middle; ELSE v_low := v_id + 1; END IF;
        END LOOP;
        SELECT t.id INTO v_id FROM credits_transfer t
         WHERE t.credit = v_account AND t.id >= v_low AND t.created_at >= p_from ORDER BY t.id LIMIT 1;
        v_found := least(v_found, v_id);
    END LOOP;
    RETURN v_found;
END $$;

-- credits_balances_before: what each of these accounts held before the movement `p_before`, as its last movement before it says.
-- Not for lazy accounts, whose movements carry no balance.
CREATE FUNCTION credits_balances_before(p_accounts bigint[], p_before bigint) RETURNS TABLE (account bigint, balance bigint)
LANGUAGE sql STABLE AS $$
    SELECT a.account, COALESCE((
        SELECT last.balance FROM (
            (SELECT t.id, t.debit_after AS balance FROM credits_transfer t
              WHERE t.debit = a.account AND t.id < p_before ORDER BY t.id DESC LIMIT 1)
            UNION ALL
            (SELECT t.id, t.credit_after FROM credits_transfer t
              WHERE t.credit = a.account AND t.id < p_before ORDER BY t.id DESC LIMIT 1)) last
         ORDER BY last.id DESC LIMIT 1), 0)
      FROM unnest(p_accounts) a (account)
$$;
