-- Administrators, their sessions, and API keys. Secrets are kept as hashes alone.

CREATE TYPE admin_role AS ENUM ('owner', 'admin', 'analyst', 'sales', 'viewer');

CREATE TABLE admin_users (
    id uuid PRIMARY KEY,
    email text NOT NULL UNIQUE CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    role admin_role NOT NULL,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL,
    password_changed_at timestamptz NOT NULL,
    last_login_at timestamptz,
    disabled_at timestamptz
);

-- Failed logins by the SHA-256 of the address that was typed, whether there is such an account or not.
CREATE TABLE login_failures (
    email_hash bytea PRIMARY KEY CHECK (length(email_hash) = 32),
    failures integer NOT NULL,
    locked_until timestamptz NOT NULL
);

CREATE TABLE admin_sessions (
    id uuid PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    user_id uuid NOT NULL REFERENCES admin_users (id),
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    user_agent text,
    ended_at timestamptz
);
CREATE INDEX admin_sessions_user ON admin_sessions (user_id) WHERE ended_at IS NULL;

CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    prefix text NOT NULL UNIQUE,
    key_hash bytea NOT NULL CHECK (length(key_hash) = 32),
    scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz
);
