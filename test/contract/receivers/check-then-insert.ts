// Flaw: checks whether the event is known, then inserts it. Parallel deliveries of one event all find nothing.
import { setTimeout as sleep } from 'node:timers/promises'
import { serve } from './hand-made.ts'

// Maximum delay of the database in milliseconds. A second look-up of the same event ends it, so that a slow machine
// does not hide the flaw.
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
