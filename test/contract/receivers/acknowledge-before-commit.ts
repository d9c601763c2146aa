// Replies first and stores later: what a crash cuts off in between is lost, and its sender believes that it was taken.
import { serve } from './hand-made.ts'

const LATER = 200

serve({
  receive({ store, handle }, event, acknowledge) {
    acknowledge()
    setTimeout(() => {
      if (store.take(event)) void handle(event)
    }, LATER)
  },
})
