import type { Provider } from '@postern/core/scheme'
import { generic } from '@postern/providers/generic'
import { SECRET } from '../deliveries.ts'

/** A sender of XML with an HMAC over the body. */
export function xmlProvider(): Provider {
  return generic({
    secret: SECRET,
    scheme: 'hmac',
    header: 'X-Signature',
    eventIdHeader: 'X-Event-Id',
    topic: 'order.paid',
  })
}
