-- The three CHECKs of a hold in one: each is parsed anew by every statement that writes a row. That the fees are not
-- negative is the domain's business, which is kept ready.
ALTER TABLE credits_hold
    DROP CONSTRAINT credits_hold_check, DROP CONSTRAINT credits_hold_check1, DROP CONSTRAINT hold_amount,
    ALTER fee_paid TYPE credits_not_negative, ALTER fee_promo TYPE credits_not_negative,
    ADD CONSTRAINT hold_amount CHECK (paid + promo > 0 AND fee_paid <= paid AND fee_promo <= promo);
