// Flaw: verifies the body after parsing and serializing it, as behind a body parser. These are not the signed bytes.
import { Webhook } from 'standardwebhooks'
import { serve } from './hand-made.ts'

serve({
  verify: (secret, body, headers) =>
    new Webhook(secret).verify(JSON.stringify(JSON.parse(body)), headers),
})
