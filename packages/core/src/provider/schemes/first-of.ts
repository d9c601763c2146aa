import type { Delivery } from '../../delivery.ts'
import { schemeReads } from '../define.ts'
import { joinCredentials, type Covers, type Scheme } from '../scheme.ts'

/**
 * Combines two schemes, such as while a sender changes from one to the other. If a delivery has a signature of the
 * first scheme, only the first scheme verifies the delivery. If a delivery has only a signature of the second scheme,
 * the second scheme verifies the delivery. So if the stronger signature is invalid, a valid weaker signature does not
 * help. Both schemes use the keys that the first scheme makes.
 *
 * @example scheme: () => firstOf(hmac({ header: 'X-Signature-256' }), hmac({ header: 'X-Signature', algorithm: 'sha1' }))
 */
export function firstOf<Key>(first: Scheme<Key>, second: Scheme<Key>): Scheme<Key> {
  const pick = (delivery: Delivery): Scheme<Key> =>
    !isPresent(first, delivery) && isPresent(second, delivery) ? second : first
  return {
    ...first,
    needs: [],
    head: first.head === true && second.head === true,
    covers: weaker(first.covers, second.covers),
    credentials: joinCredentials(first.credentials, second.credentials),
    signatures: [...(first.signatures ?? []), ...(second.signatures ?? [])],
    reads: (delivery) => [...schemeReads(first, delivery), ...schemeReads(second, delivery)],
    ...((first.anywhere || second.anywhere) && { anywhere: true }),
    present: (delivery) => isPresent(first, delivery) || isPresent(second, delivery),
    signedTime: (delivery) => pick(delivery).signedTime?.(delivery),
    verify: (delivery, keys, now) => pick(delivery).verify(delivery, keys, now),
  }
}

function isPresent<Key>(scheme: Scheme<Key>, delivery: Delivery): boolean {
  if (scheme.present) return scheme.present(delivery)
  return (scheme.needs ?? []).some((name) => delivery.header(name) !== undefined)
}

const BODY = ['none', 'fields', 'bytes'] as const

function weaker(a: Covers, b: Covers): Covers {
  const body = BODY[Math.min(BODY.indexOf(a.body), BODY.indexOf(b.body))]!
  return {
    body,
    url: a.url === true && b.url === true,
    id: a.id === true && b.id === true,
    timestamp: a.timestamp === true && b.timestamp === true,
    ...((a.topic === false || b.topic === false) && { topic: false }),
  }
}
