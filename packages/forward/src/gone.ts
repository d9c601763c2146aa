import type { Records } from '@postern/core/inbox'

/** Marks of destinations that answered 410. */
interface Marks {
  has(destination: string): Promise<boolean>
  set(destination: string, at: number): Promise<void>
  clear(destination: string): Promise<boolean>
}

const PREFIX = 'postern:gone:'

/** Keeps the marks in the records of an inbox. */
export function createMarks(records: Records): Marks {
  return {
    has: async (destination) => (await records.get(PREFIX + destination)) !== undefined,
    async set(destination, at) {
      // If the mark exists, another task of the destination has set it.
      await records.set(PREFIX + destination, { at }, 0)
    },
    async clear(destination) {
      const found = await records.get(PREFIX + destination)
      return found !== undefined && (await records.delete(PREFIX + destination, found.version))
    },
  }
}
