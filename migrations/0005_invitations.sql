-- Accounts that are invited by mail, links that set a password, and the second factor.

-- Without one nobody signs in: the account was invited, and the invitation is not accepted yet.
ALTER TABLE admin_users ALTER COLUMN password_hash DROP NOT NULL;

CREATE TYPE password_link_purpose AS ENUM ('invitation', 'reset');

-- Links in mails, by the hashes of their tokens. An account has one open link of a kind at most.
CREATE TABLE password_links (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    user_id uuid NOT NULL REFERENCES admin_users (id),
    purpose password_link_purpose NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    -- When it was used, or another took its place.
    ended_at timestamptz
);
CREATE UNIQUE INDEX password_links_open ON password_links (user_id, purpose) WHERE ended_at IS NULL;

CREATE TABLE second_factors (
    user_id uuid PRIMARY KEY REFERENCES admin_users (id),
    secret_sealed text NOT NULL,
    begun_at timestamptz NOT NULL,
    -- From then on signing in asks for a code.
    confirmed_at timestamptz,
    -- The step of the code that was taken last: neither it nor an earlier one is taken again.
    last_step bigint NOT NULL DEFAULT 0
);

CREATE TABLE recovery_codes (
    user_id uuid NOT NULL REFERENCES second_factors (user_id) ON DELETE CASCADE,
    code_hash bytea NOT NULL CHECK (length(code_hash) = 32),
    used_at timestamptz,
    PRIMARY KEY (user_id, code_hash)
);

-- What signing in sweeps away after 90 days.
CREATE INDEX admin_sessions_ended ON admin_sessions (least(ended_at, expires_at));
CREATE INDEX password_links_ended ON password_links (least(ended_at, expires_at));
CREATE INDEX login_failures_locked ON login_failures (locked_until);
COMMENT ON COLUMN login_failures.email_hash IS
    'SHA-256 of the e-mail address that was typed, or a keyed hash of the network address';
