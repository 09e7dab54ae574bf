-- profiles_prices_in_force(user): profiles_price_in_force as a row that becomes part of the query that asks.
CREATE FUNCTION profiles_prices_in_force(p_user bigint) RETURNS TABLE (price_centi bigint, reply_window_hours int)
LANGUAGE sql STABLE AS $$
    SELECT COALESCE(max(p.price_per_message_centi), 0)::bigint, COALESCE(max(p.reply_window_hours), 72)::int
    FROM profiles_profile p WHERE p.user_id = p_user
$$;
