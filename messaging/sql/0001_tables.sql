-- The hot tables of the chat. Keys and backups are ordinary Django models in the same migration.

-- One conversation of two users; `low`/`high` by bigint id (unique pair), uids kept here so that a send reads
-- one row. The chain's head and every device's last sequence live on the row that the send locks anyway.
CREATE TABLE messaging_conversation (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uid uuid NOT NULL UNIQUE,
    low bigint NOT NULL REFERENCES users_user (id),
    high bigint NOT NULL REFERENCES users_user (id),
    low_uid uuid NOT NULL,
    high_uid uuid NOT NULL,
    low_pays boolean NOT NULL,                 -- this side pays the other's price (fan to creator)
    high_pays boolean NOT NULL,
    low_free boolean NOT NULL DEFAULT false,   -- free exception for this side's messages
    high_free boolean NOT NULL DEFAULT false,
    n bigint NOT NULL DEFAULT 0,
    head bytea NOT NULL CHECK (length(head) = 32),
    h0 bytea NOT NULL CHECK (length(h0) = 32),
    recv_ms bigint NOT NULL DEFAULT 0,
    device_kids bytea[] NOT NULL DEFAULT '{}',
    device_seqs bigint[] NOT NULL DEFAULT '{}',
    low_read_n bigint NOT NULL DEFAULT 0,
    high_read_n bigint NOT NULL DEFAULT 0,
    low_delivered_n bigint NOT NULL DEFAULT 0,
    high_delivered_n bigint NOT NULL DEFAULT 0,
    low_read_at timestamptz,                   -- when this side last moved its read mark
    high_read_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT conversation_order CHECK (low < high),
    CONSTRAINT conversation_pair UNIQUE (low, high)
) WITH (fillfactor = 60);
CREATE INDEX messaging_conversation_high ON messaging_conversation (high);

-- Every message, encrypted. Random bytes do not compress: STORAGE EXTERNAL.
CREATE TABLE messaging_message (
    conversation_id bigint NOT NULL REFERENCES messaging_conversation (id),
    n bigint NOT NULL CHECK (n > 0),
    id uuid NOT NULL,
    kind smallint NOT NULL CHECK (kind BETWEEN 1 AND 5),
    sender bigint NOT NULL,
    recv_ms bigint NOT NULL,
    price_centi bigint NOT NULL DEFAULT 0 CHECK (price_centi >= 0),
    device_kid bytea NOT NULL CHECK (length(device_kid) = 32),
    prev bytea NOT NULL CHECK (length(prev) = 32),
    head bytea NOT NULL CHECK (length(head) = 32),
    skid bytea NOT NULL CHECK (length(skid) = 32),
    sig bytea NOT NULL CHECK (length(sig) = 64),
    receipt bytea CHECK (length(receipt) = 64),
    pushed boolean NOT NULL DEFAULT false,
    target uuid,
    hdr bytea NOT NULL,
    ct bytea,                                  -- NULL: erased; hdr and sig stay so that the chain verifies
    boxes bytea[],
    PRIMARY KEY (conversation_id, n),
    CONSTRAINT message_id UNIQUE (conversation_id, id),
    CONSTRAINT message_erased CHECK ((ct IS NULL) = (boxes IS NULL))
) PARTITION BY HASH (conversation_id);
DO $$
BEGIN
    FOR i IN 0..15 LOOP
        EXECUTE format('CREATE TABLE messaging_message_p%s PARTITION OF messaging_message FOR VALUES WITH (MODULUS 16, REMAINDER %s)', i, i);
        EXECUTE format('ALTER TABLE messaging_message_p%s ALTER ct SET STORAGE EXTERNAL, ALTER boxes SET STORAGE EXTERNAL', i);
    END LOOP;
END $$;
CREATE INDEX messaging_message_unpushed ON messaging_message (recv_ms) WHERE NOT pushed;

-- A blob uploaded before its message; bound to the conversation it was uploaded for.
CREATE TABLE messaging_attachment (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    conversation_id bigint NOT NULL REFERENCES messaging_conversation (id),
    uploader bigint NOT NULL REFERENCES users_user (id),
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    length bigint NOT NULL CHECK (length > 0),
    path text NOT NULL,
    message uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT attachment_once UNIQUE (conversation_id, uploader, sha256)
);
