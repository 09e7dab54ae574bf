-- The words of a listing say also in which cell of 20 km its own one lies, who is verified, and in which run of 32,768
-- ids the profile is: so one index finds who fits a filter around somewhere, or among the newest. Lexemes that are no
-- words of a text begin with "#", as no word does: looking for what begins with "to" finds nobody by having a topic.

-- profiles_coarse_cell(id): the cell of 20 km that holds this one, itself for one of 20 km. Ids are
-- size * 10^10 + row * 10^5 + column, and the grid nests (profiles/cells.py).
CREATE FUNCTION profiles_coarse_cell(p_id bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT 200000000000
         + p_id % 10000000000 / 100000 * (p_id / 10000000000) / 20 * 100000
         + p_id % 100000 * (p_id / 10000000000) / 20
$$;

CREATE FUNCTION profiles_words(p profiles_profile, p_is_verified boolean) RETURNS tsvector
LANGUAGE sql IMMUTABLE AS $$
    SELECT setweight(to_tsvector('simple', coalesce(p.search_texts[1], '')), 'A')
        || setweight(to_tsvector('simple', coalesce(p.search_texts[2], '') || ' ' || coalesce(p.search_texts[3], '')), 'B')
        || setweight(to_tsvector('simple', coalesce(p.search_texts[4], '')), 'C')
        || setweight(to_tsvector('simple', coalesce(p.search_texts[5], '')), 'D')
        || array_to_tsvector(
            ARRAY(SELECT '#lang:' || code FROM unnest(p.languages) AS code)
            || ARRAY(SELECT '#topic:' || topic FROM unnest(p.topics) AS topic)
            || ARRAY['#run:' || p.id / 32768]
            || CASE WHEN p_is_verified THEN ARRAY['#verified'] ELSE ARRAY[]::text[] END
            || CASE WHEN p.cell_id IS NULL THEN ARRAY[]::text[]
                    ELSE ARRAY['#near:' || profiles_coarse_cell(p.cell_id)] END)
$$;

CREATE OR REPLACE FUNCTION profiles_list(p profiles_profile) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO profiles_listing AS l
        (profile_id, user_id, is_shown, is_verified, birth_date, price_centi, words, cell_id, active_at)
    SELECT p.id, u.id, u.is_active AND u.role = 'creator' AND p.is_listed, u.verification_level >= 2, u.birth_date,
           p.price_per_message_centi, profiles_words(p, u.verification_level >= 2), p.cell_id,
           date_trunc('hour', p.created_at)
      FROM users_user u WHERE u.id = p.user_id
    ON CONFLICT (profile_id) DO UPDATE SET
        is_shown = excluded.is_shown, is_verified = excluded.is_verified, birth_date = excluded.birth_date,
        price_centi = excluded.price_centi, words = excluded.words, cell_id = excluded.cell_id,
        is_online = l.is_online AND p.shows_online,
        active_at = CASE WHEN p.shows_last_seen THEN l.active_at ELSE date_trunc('day', p.created_at) END
$$;

DROP FUNCTION profiles_words(profiles_profile);

-- profiles_rewrite_words(from, to): the words of the listings of profiles with ids in [from, to), anew; how many. The
-- profiles stay locked until the transaction ends, so that none changes between being read and being written down.
CREATE FUNCTION profiles_rewrite_words(p_from bigint, p_to bigint) RETURNS bigint
LANGUAGE sql AS $$
    WITH locked AS MATERIALIZED (
        SELECT p AS profile FROM profiles_profile p WHERE p.id >= p_from AND p.id < p_to ORDER BY p.id FOR NO KEY UPDATE),
    written AS (
        UPDATE profiles_listing l SET words = profiles_words(locked.profile, l.is_verified)
          FROM locked WHERE l.profile_id = (locked.profile).id
        RETURNING 1)
    SELECT count(*) FROM written
$$;
