-- profiles_price_in_force(user): the base price of one message to this user in hundredths of a credit and the
-- reply window in hours. A user without a profile, or a fan, costs nothing.
CREATE FUNCTION profiles_price_in_force(p_user bigint, OUT price_centi bigint, OUT reply_window_hours int)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT COALESCE(max(p.price_per_message_centi), 0)::bigint, COALESCE(max(p.reply_window_hours), 72)::int
    FROM profiles_profile p WHERE p.user_id = p_user
$$;
