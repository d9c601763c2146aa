import { wrongOption } from '../../basics/unknown-options.ts'
import type { Provider } from '../../provider/provider.ts'
import { emptyReply, type Reply } from './reply.ts'

/** Status of the acknowledgment, or a redirect. */
export type AckOption =
  | 200
  | 202
  | 204
  | { readonly status: 200 | 202 | 204 }
  | { readonly status: 302; readonly location: string }

const EXPECTED = '200, 202, 204, or 302 with a location'

/** The reply to what was accepted. Throws a `TypeError` for a redirect the sender would take for a failure. */
export function ackReply(option: AckOption | undefined, provider: Provider): Reply {
  const ack = typeof option === 'object' ? option : { status: option ?? 200 }
  if (ack.status !== 302) {
    if (![200, 202, 204].includes(ack.status)) throw wrongOption('ack', EXPECTED, ack.status)
    return emptyReply(ack.status)
  }
  if (provider.failsOnRedirect)
    throw wrongOption(
      'ack',
      '200, 202 or 204',
      302,
      `${provider.name} counts a redirect as a failure`,
    )
  if (!('location' in ack) || !ack.location) throw wrongOption('ack', EXPECTED, '302 without one')
  return { status: 302, headers: { location: ack.location } }
}
