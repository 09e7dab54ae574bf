-- As in 0002, for two users who exist, as the two of a conversation do: without an aggregate to count them.
CREATE OR REPLACE FUNCTION users_contact(p_writer bigint, p_reader bigint) RETURNS TABLE (code text)
LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN NOT EXISTS (SELECT 1 FROM users_user u WHERE u.id IN (p_writer, p_reader) AND NOT u.is_active)
         AND NOT EXISTS (SELECT 1 FROM users_restriction r WHERE r.user_id = p_writer AND r.lifted_at IS NULL)
         -- Nobody blocks themselves, so this is the pair in either direction.
         AND NOT EXISTS (SELECT 1 FROM users_block b
             WHERE b.blocker_id IN (p_writer, p_reader) AND b.blocked_id IN (p_writer, p_reader))
        THEN ''
        ELSE users_may_contact(p_writer, p_reader)
    END
$$;
