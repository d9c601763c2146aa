// Flaw: logs rejected deliveries with the headers, including the signature, and the secret.
import { serve } from './hand-made.ts'

serve({
  rejected: ({ secret }, error, headers) =>
    console.log('rejected:', error.message, { headers, secret }),
})
