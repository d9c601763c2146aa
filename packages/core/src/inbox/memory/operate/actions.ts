import { createActions, type Actions } from '../../operate/actions.ts'
import type { MemoryStore } from '../state.ts'

/** The actions of people in the memory of this process. */
export function memoryActions({ acted }: MemoryStore): Actions {
  return createActions({
    get: (key) => acted.get(key),
    list: (prefix) =>
      [...acted]
        .filter(([key]) => key.startsWith(prefix))
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([key, value]) => ({ key, value })),
    drop(keys) {
      for (const key of keys) acted.delete(key)
    },
  })
}
