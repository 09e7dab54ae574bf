-- What a deleted message was changed to, and how people reacted to it, is erased with it. The rows, their headers and
-- signatures stay: the chain is made of them.
-- Fires only where an UPDATE names `ct`: neither sends nor read marks pay for it.
CREATE FUNCTION messaging_erase_changes() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE messaging_message m SET ct = NULL, boxes = NULL
     WHERE m.conversation_id = NEW.conversation_id AND m.target = NEW.id AND m.kind IN (2, 4) AND m.ct IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER message_erased AFTER UPDATE OF ct ON messaging_message
    FOR EACH ROW WHEN (NEW.ct IS NULL AND NEW.kind IN (1, 5)) EXECUTE FUNCTION messaging_erase_changes();
-- What changes a message is found without reading the conversation; most messages change nothing.
CREATE INDEX message_changes ON messaging_message (conversation_id, target) WHERE target IS NOT NULL;
