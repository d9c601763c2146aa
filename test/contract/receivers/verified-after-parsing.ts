// Verifies what it parsed and wrote again, as behind a body parser: that is not what the sender signed.
import { Webhook } from 'standardwebhooks'
import { serve } from './hand-made.ts'

serve({
  verify: (secret, body, headers) =>
    new Webhook(secret).verify(JSON.stringify(JSON.parse(body)), headers),
})
