import type { Json } from '../../delivery.ts'
import type { Records } from '../records.ts'

/** Keyed values in the memory of this process. */
export function memoryRecords(): Records {
  // As strings: callers cannot change a stored value, and get copies as from durable inboxes.
  const kept = new Map<string, { readonly text: string; readonly version: number }>()
  let versions = 0

  return {
    get(key) {
      const found = kept.get(key)
      return found && { value: JSON.parse(found.text) as Json, version: found.version }
    },
    set(key, value, expected) {
      const text = JSON.stringify(value)
      if (text === undefined)
        throw new TypeError(`records: the value of ${key} must be a JSON value`)
      if ((kept.get(key)?.version ?? 0) !== expected) return false
      kept.set(key, { text, version: ++versions })
      return true
    },
    delete: (key, expected) => kept.get(key)?.version === expected && kept.delete(key),
    list: (prefix) =>
      [...kept]
        .filter(([key]) => key.startsWith(prefix))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, { text, version }]) => ({ key, value: JSON.parse(text) as Json, version })),
  }
}
