/**
 * A key that begins with its tenant, so that equal values of two tenants are two keys. The length before the tenant keeps it
 * apart from the rest, whatever characters both have; the mark, which no digit begins, keeps the kinds of keys apart.
 */
export function tenantKey(tenant: string | undefined, mark: string, value: string): string {
  return tenant === undefined ? `${mark}${value}` : `${tenant.length}:${tenant}${mark}${value}`
}
