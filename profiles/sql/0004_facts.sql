-- profiles_count_facts(from, to, since): how the creators with profile ids in [from, to) answer, from escrow rows since
-- then. What does not count: people between whom there is a block, accounts of staff (tests), writers who are
-- suspended, and writers who use a device that the creator uses (themselves, by all that is known).
CREATE FUNCTION profiles_count_facts(p_from bigint, p_to bigint, p_since timestamptz)
RETURNS TABLE (profile_id bigint, n_paid bigint, n_answered bigint, n_refunded bigint, median_reply_s bigint)
LANGUAGE sql STABLE AS $$
    SELECT l.profile_id, count(*), count(*) FILTER (WHERE s.is_answered), count(*) FILTER (WHERE NOT s.is_answered),
           percentile_disc(0.5) WITHIN GROUP (ORDER BY s.took_s) FILTER (WHERE s.is_answered)
      FROM profiles_listing l
      JOIN users_user creator ON creator.id = l.user_id AND NOT creator.is_staff
     CROSS JOIN LATERAL credits_settled(l.user_id, p_since) s
      JOIN users_user writer ON writer.id = s.actor AND NOT writer.is_staff
     WHERE l.profile_id >= p_from AND l.profile_id < p_to
       AND NOT EXISTS (SELECT 1 FROM users_block b
            WHERE (b.blocker_id, b.blocked_id) IN ((writer.id, creator.id), (creator.id, writer.id)))
       AND NOT EXISTS (SELECT 1 FROM users_restriction r
            WHERE r.user_id = writer.id AND r.kind = 'suspension' AND r.lifted_at IS NULL
              AND (r.until IS NULL OR r.until > now()))
       AND NOT EXISTS (SELECT 1 FROM security_knowndevice one JOIN security_knowndevice other
              ON other.fingerprint_sha256 = one.fingerprint_sha256
            WHERE one.user_uid = writer.uid AND other.user_uid = creator.uid)
     GROUP BY l.profile_id
$$;
