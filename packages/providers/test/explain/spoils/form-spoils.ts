import { gzipSync } from 'node:zlib'
import type { FindingCause } from '@postern/core/explain'
import type { Sealed } from '../sealed.ts'
import { bytes, text, type Spoil } from './spoil.ts'

const headers = { 'content-type': 'application/x-www-form-urlencoded' }

/** Spoils that change forms or compressed bodies. */
export const FORMS: readonly Spoil[] = [
  {
    ...resigned('inflated on the way', 'body-decompressed', ({ sign, request: { body } }) => [
      sign(gzipSync(body), { headers: { 'content-encoding': 'gzip' } }),
      () => body,
    ]),
    loses: true,
  },
  resigned('form written again', 'form-reencoded', ({ sign }) => [
    sign("payload=%7B%22a%22%3A%22b%20c%22%7D&x=it's", { headers }),
    (body) => bytes(new URLSearchParams(text(body)).toString()),
  ]),
  resigned('form in another order', 'parameters-order', ({ sign }) => [
    sign('token=x&command=%2Fdeploy&text=now', { headers }),
    () => bytes('command=%2Fdeploy&text=now&token=x'),
  ]),
]

/** Returns a spoil that signs another request, and then changes its body. */
function resigned(
  name: string,
  cause: FindingCause,
  make: (
    sealed: Sealed,
  ) => readonly [Sealed['request'], (body: Uint8Array) => Sealed['request']['body']],
): Spoil {
  return {
    name,
    cause,
    apply(from, sealed) {
      // Linear signs a time inside its JSON, which another body would not have.
      if (sealed.provider().covers.body !== 'bytes' || sealed.sender === 'linear') return undefined
      const [signed, change] = make(sealed)
      return { ...from, resigned: true, request: { ...signed, body: change(signed.body) } }
    },
  }
}
