import { tenantKey, type Records } from '@postern/core/inbox'

/** Marks of destinations that answered 410. `tenant` is the scope of the event: two tenants may choose one id. */
interface Marks {
  has(tenant: string | undefined, destination: string): Promise<boolean>
  set(tenant: string | undefined, destination: string, at: number): Promise<void>
  /** Clears the marks of all tenants; false if there was none. */
  clear(destination: string): Promise<boolean>
}

const PREFIX = 'postern:gone:'

/** Keeps the marks in the records of an inbox. */
export function createMarks(records: Records): Marks {
  const keyOf = (tenant: string | undefined, destination: string): string =>
    PREFIX + tenantKey(tenant, ':', destination)
  return {
    has: async (tenant, destination) =>
      (await records.get(keyOf(tenant, destination))) !== undefined,
    async set(tenant, destination, at) {
      // If the mark exists, another task of the destination has set it.
      await records.set(keyOf(tenant, destination), { at, destination }, 0)
    },
    async clear(destination) {
      let cleared = false
      for (const { key, value, version } of await records.list(PREFIX))
        if ((value as { destination?: unknown } | null)?.destination === destination)
          cleared = (await records.delete(key, version)) || cleared
      return cleared
    },
  }
}
