// Flaw: the effect and its record are two transactions. After a crash in between, the effect happens again.
import { serve } from './hand-made.ts'

serve({
  async run({ store, steps }, { id }) {
    await steps.before()
    store.effect(id)
    await steps.after()
    store.finish(id)
  },
})
