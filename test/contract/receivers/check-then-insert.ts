// Looks whether the event is known, and inserts it after that: of equal deliveries at once, several find nothing.
import { setTimeout as sleep } from 'node:timers/promises'
import { serve } from './hand-made.ts'

// As long as a database takes that is on another machine.
const ROUND_TRIP = 20

serve({
  async receive({ store, handle }, event, acknowledge) {
    const known = store.isKnown(event.id)
    await sleep(ROUND_TRIP)
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
