// Flaw: records an event only after its effect. A second delivery during the effect is not recognized and has its
// effect too.
import { serve } from './hand-made.ts'

serve({
  async receive({ store, steps }, event, acknowledge) {
    if (store.isKnown(event.id)) return acknowledge()
    await steps.before()
    store.effect(event.id)
    await steps.after()
    store.transaction(() => {
      store.take(event)
      store.finish(event.id)
    })
    acknowledge()
  },
})
