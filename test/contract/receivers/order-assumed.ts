// Flaw: assumes that events arrive in order, and skips an event older than the last one.
import { serve } from './hand-made.ts'

let newest = ''

serve({
  async run({ store, steps }, { id, timestamp = newest }) {
    await steps.before()
    store.transaction(() => {
      if (store.finish(id) && timestamp >= newest) store.effect(id)
    })
    newest = timestamp
    await steps.after()
  },
})
