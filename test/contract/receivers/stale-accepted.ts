// Flaw: ignores the signed time, so that a captured delivery can be replayed forever.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { serve } from './hand-made.ts'

serve({
  verify(secret, body, headers) {
    const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': given = '' } = headers
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
    const wanted = Buffer.from(
      `v1,${createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('base64')}`,
    )
    const got = Buffer.from(given)
    if (got.length !== wanted.length || !timingSafeEqual(got, wanted))
      throw new Error('the signature does not match')
  },
})
