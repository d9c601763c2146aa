import type { Provider } from '../../provider/provider.ts'
import { emptyReply, type Reply } from './reply.ts'

/** Status of the acknowledgement, or a redirect. */
export type AckOption =
  | 200
  | 202
  | 204
  | { readonly status: 200 | 202 | 204 }
  | { readonly status: 302; readonly location: string }

/** The reply to what was accepted. Throws a `TypeError` for a redirect the sender would take for a failure. */
export function ackReply(option: AckOption | undefined, provider: Provider): Reply {
  const ack = typeof option === 'object' ? option : { status: option ?? 200 }
  if (ack.status !== 302) {
    if (![200, 202, 204].includes(ack.status))
      throw new TypeError(
        `ack must be 200, 202, 204, or 302 with a location, got ${String(ack.status)}`,
      )
    return emptyReply(ack.status)
  }
  if (provider.failsOnRedirect)
    throw new TypeError(
      `ack: ${provider.name} takes a redirect for a failed delivery; use 200, 202 or 204`,
    )
  if (!('location' in ack) || !ack.location) throw new TypeError('ack: status 302 needs a location')
  return { status: 302, headers: { location: ack.location } }
}
