// Looks whether the event is known, and inserts it after that: of equal deliveries at once, several find nothing.
import { setTimeout as sleep } from 'node:timers/promises'
import { serve } from './hand-made.ts'

// Milliseconds that the database takes at most. A second look at one event ends it, so that no slow machine hides the flaw.
const SLOW = 500
const looking = new Map<string, AbortController>()

serve({
  async receive({ store, handle }, event, acknowledge) {
    const known = store.isKnown(event.id)
    await roundTrip(event.id)
    if (!known) store.take(event)
    acknowledge()
    if (!known) void handle(event)
  },
  async run({ store, steps }, { id }) {
    await steps.before()
    store.transaction(() => {
      store.effect(id)
      store.finish(id)
    })
    await steps.after()
  },
})

async function roundTrip(id: string): Promise<void> {
  looking.get(id)?.abort()
  const { signal } = looking.set(id, new AbortController()).get(id)!
  await sleep(SLOW, undefined, { signal }).catch(() => {})
}
