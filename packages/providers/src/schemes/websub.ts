import { hmacAlgorithm, malformed, mismatch, singleHeader, type Scheme } from '@postern/core/scheme'

const HEADER = 'x-hub-signature'
const METHODS = new Map(
  (['sha1', 'sha256', 'sha384', 'sha512'] as const).map(
    (algorithm) => [algorithm as string, hmacAlgorithm({ algorithm })] as const,
  ),
)
const MAX_SECRET = 199

/** `X-Hub-Signature: method=hex`, where the hub chooses one of the four methods of WebSub, section 8. */
export function websubScheme(): Scheme<Uint8Array> {
  return {
    covers: { body: 'bytes', id: true },
    key(secret) {
      const key = new TextEncoder().encode(secret)
      if (key.length > MAX_SECRET)
        throw new TypeError(`a hub takes a secret of less than 200 bytes, got ${key.length}`)
      return key
    },
    verify(delivery, keys) {
      const [, method = '', signature = ''] =
        /^(sha\d{1,3})=([0-9a-f]+)$/.exec(singleHeader(delivery, HEADER)) ?? []
      const algorithm = METHODS.get(method)
      if (algorithm === undefined)
        throw malformed(HEADER, 'sha1, sha256, sha384 or sha512, an equals sign and hex')
      const found = keys.findIndex((key) => algorithm.matches(key, delivery.body, [signature]))
      if (found < 0) throw mismatch(HEADER, keys.length)
      return found
    },
    sign(request, key) {
      const signature = METHODS.get('sha256')!.sign!(key, request.body)
      return { ...request, headers: { ...request.headers, [HEADER]: `sha256=${signature}` } }
    },
  }
}
