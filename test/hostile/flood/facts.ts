export const TOKEN = 'the token of the owner of the page'
export const TENANTS: readonly string[] = Array.from({ length: 20 }, (_, n) => `tenant-${n}`)

export type Inbox = 'memory' | 'sqlite'

export function secretOf(tenant: string): string {
  return `the secret of ${tenant}, and more`
}
