import type { Delivery } from '../../delivery.ts'
import type { KeptRequest } from '../../inbox/journal.ts'
import type { Provider } from '../../provider/provider.ts'
import { isCredentialName, isNamed, plain } from './judge.ts'
import { maskBody, NOTHING } from './mask-body.ts'
import { MASK } from './masked.ts'
import { placesOf } from './places.ts'
import { withParameters } from './query.ts'
import { SENDER_CREDENTIALS } from './senders.ts'

/** Kept of each refused delivery, beside the headers that its provider reads. */
const ALWAYS: ReadonlySet<string> = new Set([
  'content-type',
  'content-length',
  'content-encoding',
  'host',
  'user-agent',
  'forwarded',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-prefix',
])

// Senders that sign in this header name a scheme of their own; any other value is a token or a password.
const SIGNATURE = /^(?:hmac|signature)[\s-]/i

/**
 * Makes the part of a refused delivery that may be kept. It may come from any sender, so the credentials of all count:
 * a value at the place of one is masked, and a header that this provider does not read is left out. Signatures stay,
 * for `explain`.
 */
export function masker(provider: Provider): (delivery: Delivery) => KeptRequest {
  const { credentials = {}, signatures = [] } = provider
  const own = (kind: 'headers' | 'query' | 'fields'): readonly string[] =>
    (credentials[kind] ?? []).filter((name) => !signatures.includes(name))
  const headers = new Set(own('headers').map(plain))
  const query = new Set(own('query'))
  const fields = own('fields')
  const places = placesOf([...SENDER_CREDENTIALS.fields, ...fields])
  // Nobody knows where a text or bytes hold the credential of this sender.
  const isOpaque =
    fields.length > 0 &&
    (provider.formats ?? ['json']).every((format) => format === 'text' || format === 'bytes')

  return (delivery) => {
    const masked = new Set<string>()
    const url = withParameters(delivery.url, (part, name) => {
      if (!query.has(name) && !isCredentialName(name)) return part
      masked.add(`query ${name}`)
      return `${part.split('=', 1)[0]}=${MASK}`
    })
    const body =
      isOpaque && delivery.body.length > 0
        ? NOTHING
        : maskBody(delivery.body, places, fields.length > 0)
    for (const place of body.masked) masked.add(place)
    const lines = kept(delivery, masked, body.bytes.length - delivery.body.length)
    return {
      url,
      headers: lines,
      body: body.bytes,
      ...(masked.size > 0 && { masked: [...masked] }),
    }
  }

  function kept(
    delivery: Delivery,
    masked: Set<string>,
    longer: number,
  ): KeptRequest['headers'][number][] {
    const reads = new Set(provider.reads?.(delivery).map(plain) ?? claimed())
    const lines: [string, string][] = []
    for (const [given, value] of delivery.headerLines()) {
      const name = plain(given)
      if (!ALWAYS.has(name) && !isNamed(name, reads)) continue
      if (name === 'content-length') lines.push([given, lengthOf(value, longer)])
      else if (!isCredential(name, value, reads)) lines.push([given, value])
      else {
        lines.push([given, MASK])
        masked.add(`header ${given}`)
      }
    }
    return lines
  }

  function isCredential(name: string, value: string, reads: ReadonlySet<string>): boolean {
    if (isNamed(name, headers)) return true
    if (!isCredentialName(name)) return false
    return !(name === 'authorization' && reads.has(name) && SIGNATURE.test(value))
  }

  function claimed(): readonly string[] {
    return provider.claims === undefined ? [] : [plain(provider.claims)]
  }
}

// A body that is longer now was not longer on the wire: else `explain` would take it for a truncated one.
function lengthOf(value: string, longer: number): string {
  const length = Number(value)
  return longer === 0 || !Number.isInteger(length) ? value : String(Math.max(length + longer, 0))
}
