-- messaging_send as in 0005, but:
-- - a blob belongs to one message: a second one that names it would lose it when the first is deleted ('att_unknown');
-- - what was deleted is not edited and not reacted to ('target_unknown'), only deleted again;
-- - an edit comes within 15 minutes ('edit_too_late'): edits cost nothing, and one paid message would carry a talk.
CREATE OR REPLACE FUNCTION messaging_send(
    p_conversation uuid, p_sender uuid, p_recipient uuid, p_id uuid, p_kind int, p_device_kid bytea,
    p_sent_ms bigint, p_seq bigint, p_seen_n bigint, p_seen_head bytea, p_price bigint,
    p_target uuid, p_kids bytea, p_attachments bytea[],
    p_hdr bytea, p_hdr_hash bytea, p_sig bytea, p_ct bytea, p_boxes bytea,
    p_recv_ms bigint, p_skid bytea, p_op uuid, p_clock_skew_ms bigint, p_fee_basis_points int,
    p_mature_days int, p_mature_days_new int, p_new_creator_days int,
    OUT code text, OUT n bigint, OUT recv_ms bigint, OUT prev bytea, OUT head bytea, OUT skid bytea,
    OUT charged_centi bigint, OUT balance_centi bigint, OUT hold_id bigint, OUT hold_expires_ms bigint,
    OUT n_released int, OUT earned_centi bigint, OUT expected_seq bigint, OUT price_centi bigint
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    c record; v_old record; v_sender bigint; v_recipient bigint; v_sends_low boolean;
    v_slot int; v_seen bytea; v_target bigint; v_now record; v_price bigint := 0; v_at timestamptz; v_hold record; v_post record;
BEGIN
    SELECT v.id, v.low, v.high, v.low_uid, v.high_uid, v.low_pays, v.high_pays, v.low_free, v.high_free, v.n, v.head, v.h0,
           v.recv_ms, v.last_id, v.device_kids, v.device_seqs, v.recent_ms, v.low_wrote, v.high_wrote, v.low_free_by,
           v.high_free_by, v.low_request, v.high_request
      INTO c FROM messaging_conversation v WHERE v.uid = p_conversation FOR NO KEY UPDATE;
    v_sends_low := c.low_uid = p_sender;
    IF NOT FOUND OR NOT (v_sends_low AND c.high_uid = p_recipient OR c.high_uid = p_sender AND c.low_uid = p_recipient) THEN
        code := 'not_participant'; RETURN;
    END IF;
    IF v_sends_low THEN v_sender := c.low; v_recipient := c.high; ELSE v_sender := c.high; v_recipient := c.low; END IF;

    IF (p_id > c.last_id) IS NOT TRUE THEN
        SELECT m.hdr = p_hdr AND m.sig = p_sig AS is_same, m.n, m.recv_ms, m.prev, m.head, m.skid, m.price_centi
          INTO v_old FROM messaging_message m WHERE m.conversation_id = c.id AND m.id = p_id;
        IF FOUND THEN
            code := 'duplicate_msg_id';
            IF v_old.is_same THEN
                code := 'duplicate'; n := v_old.n; recv_ms := v_old.recv_ms; prev := v_old.prev; head := v_old.head;
                skid := v_old.skid; charged_centi := v_old.price_centi;
            END IF;
            RETURN;
        END IF;
    END IF;

    SELECT k.facts, t.code AS barred, p.price_centi, p.reply_window_hours INTO v_now
      FROM messaging_key_facts(v_sender, v_recipient, p_device_kid, p_kids) k, users_contact(v_sender, v_recipient) t,
           profiles_prices_in_force(v_recipient) p;
    IF v_now.facts < 65536 THEN code := 'sig_key_revoked'; RETURN; END IF;
    IF v_now.barred <> '' THEN code := v_now.barred; RETURN; END IF;
    code := '';

    IF abs(p_recv_ms - p_sent_ms) > p_clock_skew_ms THEN code := 'clock_skew'; RETURN; END IF;

    v_slot := array_position(c.device_kids, p_device_kid);
    expected_seq := COALESCE(c.device_seqs[v_slot], 0) + 1;
    IF p_seq <> expected_seq THEN code := 'seq'; RETURN; END IF;

    v_seen := CASE WHEN p_seen_n = c.n THEN c.head WHEN p_seen_n = 0 THEN c.h0 END;
    IF v_seen IS NULL THEN
        SELECT m.head INTO v_seen FROM messaging_message m WHERE m.conversation_id = c.id AND m.n = p_seen_n;
    END IF;
    IF p_seen_n > c.n OR p_seen_head IS DISTINCT FROM v_seen THEN code := 'seen_head'; RETURN; END IF;

    IF p_target IS NOT NULL THEN
        SELECT m.recv_ms INTO v_target FROM messaging_message m WHERE m.conversation_id = c.id AND m.id = p_target
            AND m.kind IN (1, 5) AND (p_kind = 4 OR m.sender = v_sender) AND (p_kind = 3 OR m.ct IS NOT NULL);
        IF NOT FOUND THEN code := 'target_unknown'; RETURN; END IF;
        IF p_kind = 2 AND p_recv_ms - v_target > 900000 THEN code := 'edit_too_late'; RETURN; END IF;
    END IF;

    IF p_attachments IS NOT NULL THEN
        PERFORM 1 FROM messaging_attachment a WHERE a.conversation_id = c.id
            AND a.uploader = v_sender AND a.message IS NULL AND a.sha256 || int8send(a.length) = ANY (p_attachments)
            HAVING count(DISTINCT a.sha256) = cardinality(p_attachments);
        IF NOT FOUND THEN code := 'att_unknown'; RETURN; END IF;
    END IF;

    IF v_now.facts & 15 < length(p_kids) / 32 THEN code := 'rcpt_key_unknown'; RETURN; END IF;
    IF v_now.facts >> 4 & 15 < length(p_kids) / 32 THEN code := 'rcpt_key_stale'; RETURN; END IF;
    IF v_now.facts & 3840 = 0 OR v_now.facts & 61440 = 0 THEN code := 'rcpt_missing'; RETURN; END IF;

    IF p_kind = 1 AND (CASE WHEN v_sends_low THEN c.low_pays AND NOT c.low_free ELSE c.high_pays AND NOT c.high_free END) THEN
        v_price := v_now.price_centi;
    END IF;
    IF p_price <> v_price THEN code := 'price_changed'; price_centi := v_price; RETURN; END IF;

    n := c.n + 1;
    recv_ms := greatest(p_recv_ms, c.recv_ms);
    v_at := to_timestamp(recv_ms / 1000.0);
    charged_centi := v_price;
    IF v_price > 0 THEN
        hold_expires_ms := recv_ms + v_now.reply_window_hours * 3600000::bigint;
        v_hold := credits_hold_within(p_op, v_sender, v_recipient, c.id, n, v_price, p_fee_basis_points, v_at,
            to_timestamp(hold_expires_ms / 1000.0));
        code := v_hold.code;
        balance_centi := v_hold.balance;
        hold_id := v_hold.hold_id;
        IF code <> '' THEN price_centi := v_price; RETURN; END IF;
    ELSIF p_kind = 1 AND (CASE WHEN v_sends_low THEN c.high_pays ELSE c.low_pays END) THEN
        v_post := credits_post_holds(p_op, v_sender, c.id, p_seen_n, v_at, p_mature_days, p_mature_days_new, p_new_creator_days);
        n_released := v_post.n_holds;
        earned_centi := v_post.earned + v_post.promo_earned;
    END IF;

    -- Only where a first word, an answer or a payment can change how the two stand.
    IF p_kind IN (1, 5) AND (c.low_request IN ('asked', 'declined') OR c.high_request IN ('asked', 'declined')
        OR CASE WHEN v_sends_low THEN NOT c.low_wrote OR c.high_pays AND NOT c.high_wrote AND c.high_free_by = ''
                ELSE NOT c.high_wrote OR c.low_pays AND NOT c.low_wrote AND c.low_free_by = '' END) THEN
        code := messaging_move_contact(c.id, v_sends_low, p_kind, v_price);
    END IF;

    prev := c.head;
    skid := p_skid;
    head := sha256('pairly/e2e/1/chain'::bytea || '\x00'::bytea || prev || int8send(n) || int8send(recv_ms) || p_hdr_hash || p_sig);
    IF v_slot IS NULL THEN
        UPDATE messaging_conversation v SET device_kids = v.device_kids || p_device_kid, device_seqs = v.device_seqs || 0::bigint
         WHERE v.id = c.id;
        v_slot := cardinality(c.device_kids) + 1;
    END IF;
    -- The message and the head it makes, in one statement: two have an executor to start each.
    WITH written AS (
        INSERT INTO messaging_message (conversation_id, n, id, kind, sender, recv_ms, price_centi, device_kid, prev, head, skid, sig, target, hdr, ct, boxes)
        VALUES (c.id, messaging_send.n, p_id, p_kind, v_sender, messaging_send.recv_ms, v_price, p_device_kid, messaging_send.prev,
            messaging_send.head, messaging_send.skid, p_sig, p_target, p_hdr, p_ct, p_boxes))
    UPDATE messaging_conversation v SET n = messaging_send.n, head = messaging_send.head, recv_ms = messaging_send.recv_ms,
        device_seqs[v_slot] = p_seq, last_id = greatest(c.last_id, p_id),
        recent_ms = CASE WHEN messaging_send.recv_ms - c.recent_ms > 60000 THEN messaging_send.recv_ms ELSE c.recent_ms END
     WHERE v.id = c.id;
    IF p_kind = 3 THEN
        UPDATE messaging_message m SET ct = NULL, boxes = NULL WHERE m.conversation_id = c.id AND m.id = p_target;
    END IF;
    IF p_attachments IS NOT NULL THEN
        UPDATE messaging_attachment a SET message = p_id WHERE a.conversation_id = c.id AND a.uploader = v_sender
           AND a.message IS NULL AND a.sha256 || int8send(a.length) = ANY (p_attachments);
    END IF;
END $$;
