-- A UUIDv7 (RFC 9562, section 5.7) for many rows at once: ids of messages grow, `messaging_send` looks for a double of
-- one only where it does not. PostgreSQL has uuidv7() of its own from 18 on.
CREATE FUNCTION messaging_uuid7() RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
        PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
        52, 1), 53, 1), 'hex')::uuid
$$;
