import { gzipSync } from 'node:zlib'
import type { Sealed } from '../sealed.ts'
import { bytes, text, type Spoil } from './spoil.ts'

/** What happens to forms, and to what was compressed. */
export const FORMS: readonly Spoil[] = [
  {
    name: 'inflated on the way',
    cause: 'body-decompressed',
    loses: true,
    apply(from, sealed) {
      if (!signsBytes(sealed)) return undefined
      const zipped = sealed.sign(gzipSync(sealed.request.body), {
        headers: { 'content-encoding': 'gzip' },
      })
      return { ...from, resigned: true, request: { ...zipped, body: sealed.request.body } }
    },
  },
  {
    name: 'form written again',
    cause: 'form-reencoded',
    apply(from, sealed) {
      if (!signsBytes(sealed)) return undefined
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      const signed = sealed.sign("payload=%7B%22a%22%3A%22b%20c%22%7D&x=it's", { headers })
      return {
        ...from,
        resigned: true,
        request: { ...signed, body: bytes(new URLSearchParams(text(signed.body)).toString()) },
      }
    },
  },
  {
    name: 'form in another order',
    cause: 'parameters-order',
    apply(from, sealed) {
      if (!signsBytes(sealed)) return undefined
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      const signed = sealed.sign('token=x&command=%2Fdeploy&text=now', { headers })
      return {
        ...from,
        resigned: true,
        request: { ...signed, body: bytes('command=%2Fdeploy&text=now&token=x') },
      }
    },
  },
]

// Linear's time lies in its JSON.
function signsBytes({ provider, sender }: Sealed): boolean {
  return provider().covers.body === 'bytes' && sender !== 'linear'
}
