-- users_may_contact(a, b): what stands between a writing to b, as one code, or '' when nothing does.
-- 'suspended' / 'muted' speak of the writer; 'blocked' of either direction. Called by messaging_send.
CREATE FUNCTION users_may_contact(p_writer bigint, p_reader bigint) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN NOT EXISTS (SELECT 1 FROM users_user u WHERE u.id = p_writer AND u.is_active) THEN 'suspended'
        WHEN EXISTS (SELECT 1 FROM users_restriction r WHERE r.user_id = p_writer AND r.kind = 'suspension'
                     AND r.lifted_at IS NULL AND (r.until IS NULL OR r.until > now())) THEN 'suspended'
        WHEN EXISTS (SELECT 1 FROM users_restriction r WHERE r.user_id = p_writer AND r.kind = 'mute'
                     AND r.lifted_at IS NULL AND (r.until IS NULL OR r.until > now())) THEN 'muted'
        WHEN EXISTS (SELECT 1 FROM users_block b WHERE b.blocker_id = p_writer AND b.blocked_id = p_reader)
          OR EXISTS (SELECT 1 FROM users_block b WHERE b.blocker_id = p_reader AND b.blocked_id = p_writer)
          OR NOT EXISTS (SELECT 1 FROM users_user u WHERE u.id = p_reader AND u.is_active) THEN 'blocked'
        ELSE ''
    END
$$;
