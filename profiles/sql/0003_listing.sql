-- profiles_listing follows the profile and the account by triggers: whoever changes one of them, and however, what
-- discovery shows is right when the transaction commits.

CREATE FUNCTION profiles_words(p profiles_profile) RETURNS tsvector
LANGUAGE sql IMMUTABLE AS $$
    SELECT setweight(to_tsvector('simple', coalesce(p.search_texts[1], '')), 'A')
        || setweight(to_tsvector('simple', coalesce(p.search_texts[2], '') || ' ' || coalesce(p.search_texts[3], '')), 'B')
        || setweight(to_tsvector('simple', coalesce(p.search_texts[4], '')), 'C')
        || setweight(to_tsvector('simple', coalesce(p.search_texts[5], '')), 'D')
        || array_to_tsvector(
            ARRAY(SELECT 'lang:' || code FROM unnest(p.languages) AS code)
            || ARRAY(SELECT 'topic:' || topic FROM unnest(p.topics) AS topic))
$$;

CREATE FUNCTION profiles_list(p profiles_profile) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO profiles_listing AS l
        (profile_id, user_id, is_shown, is_verified, birth_date, price_centi, words, cell_id, active_at)
    SELECT p.id, u.id, u.is_active AND u.role = 'creator' AND p.is_listed, u.verification_level >= 2, u.birth_date,
           p.price_per_message_centi, profiles_words(p), p.cell_id, date_trunc('hour', p.created_at)
      FROM users_user u WHERE u.id = p.user_id
    ON CONFLICT (profile_id) DO UPDATE SET
        is_shown = excluded.is_shown, is_verified = excluded.is_verified, birth_date = excluded.birth_date,
        price_centi = excluded.price_centi, words = excluded.words, cell_id = excluded.cell_id,
        is_online = l.is_online AND p.shows_online,
        active_at = CASE WHEN p.shows_last_seen THEN l.active_at ELSE date_trunc('day', p.created_at) END
$$;

CREATE FUNCTION profiles_profile_listed() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM profiles_list(NEW);
    RETURN NULL;
END
$$;

CREATE TRIGGER profiles_profile_inserted AFTER INSERT ON profiles_profile
    FOR EACH ROW EXECUTE FUNCTION profiles_profile_listed();

-- Not for what changes often and is not part of it: view_count, moved_at, updated_at.
CREATE TRIGGER profiles_profile_updated AFTER UPDATE OF search_texts, languages, topics, price_per_message_centi,
    cell_id, is_listed, shows_online, shows_last_seen ON profiles_profile
    FOR EACH ROW EXECUTE FUNCTION profiles_profile_listed();

CREATE FUNCTION profiles_user_listed() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM profiles_list(p) FROM profiles_profile p WHERE p.user_id = NEW.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER profiles_user_updated AFTER UPDATE OF is_active, role, verification_level, birth_date ON users_user
    FOR EACH ROW
    WHEN ((OLD.is_active, OLD.role, OLD.verification_level, OLD.birth_date)
          IS DISTINCT FROM (NEW.is_active, NEW.role, NEW.verification_level, NEW.birth_date))
    EXECUTE FUNCTION profiles_user_listed();
