/** What the app and its sender know. */
export const TOKEN = 'the token of the owner of the page'
export const TENANTS: readonly string[] = Array.from({ length: 20 }, (_, n) => `tenant-${n}`)

/** What the app keeps its events in. */
export type Inbox = 'memory' | 'sqlite'

/** The secret of a tenant. */
export function secretOf(tenant: string): string {
  return `the secret of ${tenant}, and more`
}
