// Flaw: knows events only in memory. After a restart, every event is new.
import { serve } from './hand-made.ts'

const known = new Set<string>()

serve({
  async receive({ store, steps }, { id }, acknowledge) {
    if (known.has(id)) return acknowledge()
    known.add(id)
    try {
      await steps.before()
    } catch (error) {
      known.delete(id)
      throw error
    }
    store.effect(id)
    await steps.after()
    acknowledge()
  },
})
