-- The price in force is 0 while somebody is away; profiles_knows says whether two people know each other.

CREATE OR REPLACE FUNCTION profiles_price_in_force(p_user bigint, OUT price_centi bigint, OUT reply_window_hours int)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT COALESCE(max(CASE WHEN p.away_until > now() THEN 0 ELSE p.price_per_message_centi END), 0)::bigint,
           COALESCE(max(p.reply_window_hours), 72)::int
      FROM profiles_profile p WHERE p.user_id = p_user
$$;

CREATE OR REPLACE FUNCTION profiles_prices_in_force(p_user bigint) RETURNS TABLE (price_centi bigint, reply_window_hours int)
LANGUAGE sql STABLE AS $$
    SELECT COALESCE(max(CASE WHEN p.away_until > now() THEN 0 ELSE p.price_per_message_centi END), 0)::bigint,
           COALESCE(max(p.reply_window_hours), 72)::int
      FROM profiles_profile p WHERE p.user_id = p_user
$$;

-- profiles_knows(reader, writer): whether the reader follows the writer, or the two are connected.
CREATE FUNCTION profiles_knows(p_reader bigint, p_writer bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM profiles_follow f WHERE f.follower_id = p_reader AND f.followed_id = p_writer)
        OR EXISTS (SELECT FROM profiles_connection c
            WHERE LEAST(c.asker_id, c.asked_id) = LEAST(p_reader, p_writer)
              AND GREATEST(c.asker_id, c.asked_id) = GREATEST(p_reader, p_writer) AND c.state = 'accepted')
$$;

-- profiles_is_named(user, words): whether somebody's name holds these words, folded as `profiles.folding` does.
CREATE FUNCTION profiles_is_named(p_user bigint, p_words text) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM profiles_profile p WHERE p.user_id = p_user AND strpos(p.search_texts[1], p_words) > 0)
$$;
