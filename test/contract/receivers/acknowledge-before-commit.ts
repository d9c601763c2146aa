// Flaw: replies before it stores the event. A crash in between loses the event, although the sender got a 2xx.
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
