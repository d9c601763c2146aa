// Believes that events come in the order in which they happened: one that is older than the last is left out.
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
