-- Whose mail it is: the keyed hash of the account's user name, as in accounts. NULL for a notice, for mail from before this
-- version, and where the account or the content of the mail is gone.
ALTER TABLE outbound ADD COLUMN account_hash BYTEA CHECK (length(account_hash) = 32);
CREATE INDEX outbound_by_account ON outbound (account_hash, number) WHERE account_hash IS NOT NULL;
