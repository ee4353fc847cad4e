// oidc-provider's storage in memory, for reference: as its own adapter, but without the limit of a thousand records.
const records = new Map();
const byUid = new Map();
const byGrant = new Map();

export class adapter {
  constructor(kind) {
    this.kind = kind;
  }

  key(id) {
    return `${this.kind}:${id}`;
  }

  async upsert(id, payload) {
    const key = this.key(id);
    records.set(key, payload);
    if (payload.uid) byUid.set(payload.uid, key);
    if (payload.grantId) {
      if (!byGrant.has(payload.grantId)) byGrant.set(payload.grantId, new Set());
      byGrant.get(payload.grantId).add(key);
    }
  }

  async find(id) {
    return records.get(this.key(id));
  }

  async findByUid(uid) {
    return records.get(byUid.get(uid));
  }

  async findByUserCode() {
    return undefined;
  }

  async consume(id) {
    records.get(this.key(id)).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    records.delete(this.key(id));
  }

  async revokeByGrantId(grantId) {
    for (const key of byGrant.get(grantId) ?? []) records.delete(key);
    byGrant.delete(grantId);
  }
}
