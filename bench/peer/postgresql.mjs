// The peer's storage on PostgreSQL: one table, one pool, one statement for each call of oidc-provider's adapter contract.
// Statements are named, so the server parses and plans each once for a connection.
import pg from 'pg';

const SCHEMA = `
CREATE TABLE IF NOT EXISTS peer_records (
  kind text NOT NULL,
  id text NOT NULL,
  payload jsonb NOT NULL,
  grant_id text,
  user_code text,
  uid text,
  expires_at bigint,
  consumed_at bigint,
  PRIMARY KEY (kind, id)
);
CREATE INDEX IF NOT EXISTS peer_records_grant ON peer_records (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS peer_records_uid ON peer_records (kind, uid) WHERE uid IS NOT NULL;
CREATE INDEX IF NOT EXISTS peer_records_user_code ON peer_records (kind, user_code) WHERE user_code IS NOT NULL;
CREATE INDEX IF NOT EXISTS peer_records_expiry ON peer_records (expires_at);
`;

const COLUMNS = 'payload, consumed_at';
const LIVE = '(expires_at IS NULL OR expires_at > $3)';
const UPSERT = `INSERT INTO peer_records (kind, id, payload, grant_id, user_code, uid, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (kind, id) DO UPDATE SET payload = excluded.payload, grant_id = excluded.grant_id,
  user_code = excluded.user_code, uid = excluded.uid, expires_at = excluded.expires_at`;
const FIND = `SELECT ${COLUMNS} FROM peer_records WHERE kind = $1 AND id = $2 AND ${LIVE}`;
const FIND_BY_UID = `SELECT ${COLUMNS} FROM peer_records WHERE kind = $1 AND uid = $2 AND ${LIVE}`;
const FIND_BY_USER_CODE = `SELECT ${COLUMNS} FROM peer_records WHERE kind = $1 AND user_code = $2 AND ${LIVE}`;
const CONSUME = 'UPDATE peer_records SET consumed_at = $3 WHERE kind = $1 AND id = $2';
const DESTROY = 'DELETE FROM peer_records WHERE kind = $1 AND id = $2';
const REVOKE = 'DELETE FROM peer_records WHERE grant_id = $1';

const now = () => Math.floor(Date.now() / 1000);

export async function connect(url, connections) {
  const pool = new pg.Pool({ connectionString: url, max: connections, min: connections, idleTimeoutMillis: 0 });
  await pool.query(SCHEMA);
  return pool;
}

export function adapterOn(pool) {
  const run = (name, text, values) => pool.query({ name, text, values });
  return class PostgresqlAdapter {
    constructor(kind) {
      this.kind = kind;
    }

    async upsert(id, payload, expiresIn) {
      const expiresAt = expiresIn ? now() + expiresIn : null;
      const { grantId = null, userCode = null, uid = null } = payload;
      await run('upsert', UPSERT, [this.kind, id, payload, grantId, userCode, uid, expiresAt]);
    }

    find(id) {
      return this.one('find', FIND, id);
    }

    findByUid(uid) {
      return this.one('find_by_uid', FIND_BY_UID, uid);
    }

    findByUserCode(userCode) {
      return this.one('find_by_user_code', FIND_BY_USER_CODE, userCode);
    }

    async consume(id) {
      await run('consume', CONSUME, [this.kind, id, now()]);
    }

    async destroy(id) {
      await run('destroy', DESTROY, [this.kind, id]);
    }

    async revokeByGrantId(grantId) {
      await run('revoke', REVOKE, [grantId]);
    }

    async one(name, text, key) {
      const { rows: [row] } = await run(name, text, [this.kind, key, now()]);
      if (row === undefined) return undefined;
      return row.consumed_at === null ? row.payload : { ...row.payload, consumed: Number(row.consumed_at) };
    }
  };
}
