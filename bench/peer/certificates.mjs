// Client certificates as a TLS proxy hands them on (RFC 9440). What was read and verified once is remembered by the
// header's text, as the other side of the comparison does; at most 4096 of them.
import { X509Certificate } from 'node:crypto';

const MOST_REMEMBERED = 4096;

export function certificatesFrom(authorityPem) {
  const authority = new X509Certificate(authorityPem);
  const remembered = new Map();

  function read(header) {
    const certificate = new X509Certificate(Buffer.from(header.slice(1, -1), 'base64'));
    const now = new Date();
    const current = now >= certificate.validFromDate && now <= certificate.validToDate;
    const trusted = current && certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
    return { certificate, pem: certificate.toString(), trusted, until: certificate.validToDate };
  }

  function find(ctx) {
    const header = ctx.get('client-cert');
    if (!header) return undefined;
    const known = remembered.get(header);
    if (known !== undefined && new Date() <= known.until) return known;
    if (remembered.size >= MOST_REMEMBERED) remembered.clear();
    const found = read(header);
    remembered.set(header, found);
    return found;
  }

  return {
    get: (ctx) => find(ctx)?.certificate,
    authorized: (ctx) => find(ctx)?.trusted === true,
    subjectMatches: (ctx, property, expected) => {
      if (property !== 'tls_client_auth_subject_dn') return false;
      return find(ctx).certificate.subject === expected.replaceAll(',', '\n');
    },
  };
}
