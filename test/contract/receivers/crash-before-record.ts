// The effect and the record that it happened are two transactions: after a crash between them the effect happens again.
import { serve } from './hand-made.ts'

serve({
  async run({ store, steps }, { id }) {
    await steps.before()
    store.effect(id)
    await steps.after()
    store.finish(id)
  },
})
