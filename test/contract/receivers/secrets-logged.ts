// Logs what it refuses with all that helps to find out why: the headers with their signature, and the secret.
import { serve } from './hand-made.ts'

serve({
  refused: ({ secret }, error, headers) =>
    console.log('refused:', error.message, { headers, secret }),
})
