-- credits_move_payout: as credits_step_payout (0011), where the money of a payout need not lie in our bank. `p_from` is where
-- 'settled' takes it: 'bank', or 'psp_clearing' for what a provider pays out of the balance that it keeps for us.
--   'unsent'    after 'sent': the provider made no payment; set aside again, and the money is not owed
--   'bounced'   after 'settled': the money is again where `p_settled_op` took it, whatever `p_from` would be today
-- Code '', 'replayed', 'conflict'.
CREATE FUNCTION credits_move_payout(
    p_actor bigint, p_op uuid, p_request_hash bytea, p_step text, p_amount bigint, p_currency text, p_amount_minor bigint,
    p_from text, p_settled_op uuid, p_at timestamptz, OUT code text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE v_back record; v_redemption bigint := credits_platform('redemption'); v_money text := p_from;
BEGIN
    IF p_step IN ('rejected', 'sent', 'returned') THEN
        code := credits_step_payout(p_actor, p_op, p_request_hash, p_step, p_amount, p_currency, p_amount_minor, p_at);
        RETURN;
    END IF;
    IF p_step NOT IN ('settled', 'unsent', 'bounced') OR p_from NOT IN ('bank', 'psp_clearing') THEN
        RAISE EXCEPTION 'no such step of a payout: % from %', p_step, p_from USING ERRCODE = 'check_violation';
    END IF;
    code := credits_begin_op(p_actor, p_op, 'payout_' || p_step, p_request_hash, p_at);
    IF code <> '' THEN RETURN; END IF;
    IF p_step = 'bounced' THEN
        SELECT a.kind INTO v_money FROM credits_op o JOIN credits_transfer t ON t.op = o.id JOIN credits_account a ON a.id = t.credit
         WHERE o.actor = p_actor AND o.id = p_settled_op AND o.kind = 'payout_settled' AND t.seq = 2 AND a.unit = p_currency;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'a payout that never left cannot bounce: %', p_settled_op USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    IF p_step <> 'settled' THEN
        UPDATE credits_account a SET balance = a.balance + p_amount, version = a.version + 1
         WHERE a.owner = p_actor AND a.unit = 'CRD'
           AND a.kind = CASE p_step WHEN 'bounced' THEN 'creator:earned' ELSE 'creator:payout_locked' END
        RETURNING a.id, a.balance INTO STRICT v_back;
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, credit_after, code, created_at)
        VALUES (p_op, 1, v_redemption, v_back.id, p_amount, v_back.balance,
                CASE p_step WHEN 'bounced' THEN 'payout_returned' ELSE 'payout_unsent' END, p_at);
    END IF;
    INSERT INTO credits_transfer (op, seq, debit, credit, amount, code, created_at)
    SELECT p_op, 2, credits_platform(m.debit, p_currency), credits_platform(m.credit, p_currency), p_amount_minor, 'payout_' || p_step, p_at
      FROM (VALUES ('settled', 'payouts_payable', v_money), ('unsent', 'payouts_payable', 'redemption'),
                   ('bounced', v_money, 'redemption')) m (step, debit, credit)
     WHERE m.step = p_step;
END $$;
