// Logs what it rejects with all that helps to find out why: the headers with their signature, and the secret.
import { serve } from './hand-made.ts'

serve({
  rejected: ({ secret }, error, headers) =>
    console.log('rejected:', error.message, { headers, secret }),
})
