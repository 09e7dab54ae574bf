-- messaging_send: the stateful half of e2e section 2.4, in its order, in one round trip. Structure, hashes and
-- signature were checked before; the conversation row is locked here until commit.
--
-- `code` is '' for a new message, 'duplicate' for an identical retry (the stored row is returned, nothing is
-- charged), else the reject's code and nothing was written. Times are arguments: `p_recv_ms` is the server's
-- clock, and `recv_ms` never goes back within a conversation.
--
-- p_price_hook of free exceptions: low_free / high_free on the conversation; only kind 1 by a paying side costs.
CREATE FUNCTION messaging_send(
    p_conversation uuid, p_sender uuid, p_recipient uuid, p_id uuid, p_kind int, p_device_kid bytea,
    p_sent_ms bigint, p_seq bigint, p_seen_n bigint, p_seen_head bytea, p_price bigint,
    p_target uuid, p_kids bytea[], p_attachments bytea[],
    p_hdr bytea, p_hdr_hash bytea, p_sig bytea, p_ct bytea, p_boxes bytea[],
    p_recv_ms bigint, p_skid bytea, p_op uuid, p_clock_skew_ms bigint, p_fee_basis_points int,
    p_mature_days int, p_mature_days_new int, p_new_creator_days int,
    OUT code text, OUT n bigint, OUT recv_ms bigint, OUT prev bytea, OUT head bytea, OUT skid bytea,
    OUT charged_centi bigint, OUT balance_centi bigint, OUT hold_id bigint, OUT hold_expires_at timestamptz,
    OUT n_released int, OUT earned_centi bigint, OUT expected_seq bigint, OUT price_centi bigint
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    c messaging_conversation; v_old record; v_sender bigint; v_recipient bigint; v_sends_low boolean;
    v_slot int; v_keys record; v_price bigint := 0; v_window int; v_at timestamptz; v_hold record; v_post record;
BEGIN
    SELECT * INTO c FROM messaging_conversation WHERE uid = p_conversation FOR NO KEY UPDATE;
    v_sends_low := c.low_uid = p_sender;
    IF NOT FOUND OR NOT (v_sends_low AND c.high_uid = p_recipient OR c.high_uid = p_sender AND c.low_uid = p_recipient) THEN
        code := 'not_participant'; RETURN;
    END IF;
    IF v_sends_low THEN v_sender := c.low; v_recipient := c.high; ELSE v_sender := c.high; v_recipient := c.low; END IF;

    SELECT m.* INTO v_old FROM messaging_message m WHERE m.conversation_id = c.id AND m.id = p_id;
    IF FOUND THEN
        IF v_old.hdr = p_hdr AND v_old.sig = p_sig THEN
            code := 'duplicate'; n := v_old.n; recv_ms := v_old.recv_ms; prev := v_old.prev; head := v_old.head;
            skid := v_old.skid; charged_centi := v_old.price_centi;
        ELSE
            code := 'duplicate_msg_id';
        END IF;
        RETURN;
    END IF;

    SELECT count(*) FILTER (WHERE k.role = 3) AS n_known,
           count(*) FILTER (WHERE k.role = 3 AND k.active) AS n_active,
           bool_or(k.role = 3 AND k.active AND k.user_id = v_sender) AS for_sender,
           bool_or(k.role = 3 AND k.active AND k.user_id = v_recipient) AS for_recipient,
           bool_or(k.role = 2 AND k.kid = p_device_kid AND k.active) AS device_active
      INTO v_keys FROM messaging_key k
     WHERE k.kid = ANY (p_kids || p_device_kid) AND k.user_id IN (v_sender, v_recipient);
    IF v_keys.device_active IS NOT TRUE THEN code := 'sig_key_revoked'; RETURN; END IF;

    code := users_may_contact(v_sender, v_recipient);
    IF code <> '' THEN RETURN; END IF;

    IF abs(p_recv_ms - p_sent_ms) > p_clock_skew_ms THEN code := 'clock_skew'; RETURN; END IF;

    v_slot := array_position(c.device_kids, p_device_kid);
    expected_seq := COALESCE(c.device_seqs[v_slot], 0) + 1;
    IF p_seq <> expected_seq THEN code := 'seq'; RETURN; END IF;

    IF p_seen_n > c.n OR p_seen_head IS DISTINCT FROM (CASE
        WHEN p_seen_n = c.n THEN c.head
        WHEN p_seen_n = 0 THEN c.h0
        ELSE (SELECT m.head FROM messaging_message m WHERE m.conversation_id = c.id AND m.n = p_seen_n) END)
    THEN code := 'seen_head'; RETURN; END IF;

    IF p_target IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM messaging_message m WHERE m.conversation_id = c.id AND m.id = p_target AND m.kind IN (1, 5)
           AND (p_kind = 4 OR m.sender = v_sender))
    THEN code := 'target_unknown'; RETURN; END IF;

    IF cardinality(p_attachments) > 0 AND cardinality(p_attachments) <> (
        SELECT count(DISTINCT a.sha256) FROM messaging_attachment a WHERE a.conversation_id = c.id
           AND a.uploader = v_sender AND a.sha256 || int8send(a.length) = ANY (p_attachments))
    THEN code := 'att_unknown'; RETURN; END IF;

    IF v_keys.n_known < cardinality(p_kids) THEN code := 'rcpt_key_unknown'; RETURN; END IF;
    IF v_keys.n_active < cardinality(p_kids) THEN code := 'rcpt_key_stale'; RETURN; END IF;
    IF NOT (v_keys.for_sender AND v_keys.for_recipient) THEN code := 'rcpt_missing'; RETURN; END IF;

    IF p_kind = 1 AND (CASE WHEN v_sends_low THEN c.low_pays AND NOT c.low_free ELSE c.high_pays AND NOT c.high_free END) THEN
        SELECT p.price_centi, p.reply_window_hours INTO v_price, v_window FROM profiles_price_in_force(v_recipient) p;
    END IF;
    IF p_price <> v_price THEN code := 'price_changed'; price_centi := v_price; RETURN; END IF;

    n := c.n + 1;
    recv_ms := greatest(p_recv_ms, c.recv_ms);
    v_at := to_timestamp(recv_ms / 1000.0);
    charged_centi := v_price;
    IF v_price > 0 THEN
        hold_expires_at := v_at + make_interval(hours => v_window);
        SELECT * INTO v_hold FROM credits_hold(p_op, v_sender, v_recipient, c.id, n, v_price, p_fee_basis_points, v_at, hold_expires_at);
        code := v_hold.code;
        balance_centi := v_hold.balance;
        hold_id := v_hold.hold_id;
        IF code <> '' THEN price_centi := v_price; RETURN; END IF;
    ELSIF p_kind = 1 AND (CASE WHEN v_sends_low THEN c.high_pays ELSE c.low_pays END) THEN
        SELECT * INTO v_post FROM credits_post_holds(p_op, v_sender, c.id, p_seen_n, v_at, p_mature_days, p_mature_days_new, p_new_creator_days);
        n_released := v_post.n_holds;
        earned_centi := v_post.earned + v_post.promo_earned;
    END IF;

    prev := c.head;
    skid := p_skid;
    head := sha256('pairly/e2e/1/chain'::bytea || '\x00'::bytea || prev || int8send(n) || int8send(recv_ms) || p_hdr_hash || p_sig);
    INSERT INTO messaging_message (conversation_id, n, id, kind, sender, recv_ms, price_centi, device_kid, prev, head, skid, sig, target, hdr, ct, boxes)
    VALUES (c.id, n, p_id, p_kind, v_sender, recv_ms, v_price, p_device_kid, prev, head, skid, p_sig, p_target, p_hdr, p_ct, p_boxes);
    UPDATE messaging_conversation v SET n = messaging_send.n, head = messaging_send.head, recv_ms = messaging_send.recv_ms,
        device_kids = CASE WHEN v_slot IS NULL THEN v.device_kids || p_device_kid ELSE v.device_kids END,
        device_seqs = CASE WHEN v_slot IS NULL THEN v.device_seqs || p_seq
                           ELSE v.device_seqs[:v_slot - 1] || p_seq || v.device_seqs[v_slot + 1:] END
     WHERE v.id = c.id;
    IF p_kind = 3 THEN
        UPDATE messaging_message m SET ct = NULL, boxes = NULL WHERE m.conversation_id = c.id AND m.id = p_target;
    END IF;
    IF cardinality(p_attachments) > 0 THEN
        UPDATE messaging_attachment a SET message = p_id WHERE a.conversation_id = c.id AND a.uploader = v_sender
           AND a.message IS NULL AND a.sha256 || int8send(a.length) = ANY (p_attachments);
    END IF;
END $$;
