import { randomUUID } from 'node:crypto'
import type { SignableRequest } from '@postern/core/scheme'
import { contentDigest } from './content-digest.ts'
import { derivedValue, type SignatureTarget } from './base.ts'
import type { HttpSignatureKey } from './keys.ts'

/** What a signature of {@link signRequest} is like. */
interface SignRequestOptions {
  /** Components without parameters; `content-digest` is left out if there is no body. */
  readonly components: readonly string[]
  /** The optional parameters to sign: `expires`, `nonce`, both or neither. */
  readonly parameters: readonly string[]
  /** Seconds from `created` to `expires`. */
  readonly lifetime: number
  readonly target: (url: string) => SignatureTarget
  readonly keyId?: string | undefined
  readonly tag?: string | undefined
  readonly label?: string | undefined
}

/** Signs a request (RFC 9421, section 3.1), its body by `Content-Digest`. `now` is in milliseconds since 1970. */
export function signRequest(
  request: SignableRequest,
  key: HttpSignatureKey,
  now: number,
  options: SignRequestOptions,
): SignableRequest {
  const { parameters, label = 'sig1' } = options
  const digest =
    request.body.length > 0 ? { 'content-digest': contentDigest(request.body) } : undefined
  const headers: Record<string, string> = { ...request.headers, ...digest }
  const target = options.target(request.url)
  const names = options.components.filter((name) => name !== 'content-digest' || digest)
  const lines = names.map((name) => {
    const value = derivedValue(name, undefined, request.method, target) ?? headers[name]
    if (value === undefined) throw new TypeError(`signing needs a value for ${name}`)
    return `"${name}": ${value}`
  })
  const created = Math.floor(now / 1000)
  const input = [
    `(${names.map((name) => `"${name}"`).join(' ')})`,
    `created=${created}`,
    ...(parameters.includes('expires') ? [`expires=${created + options.lifetime}`] : []),
    ...(parameters.includes('nonce') ? [`nonce="${randomUUID()}"`] : []),
    ...(options.keyId === undefined ? [] : [`keyid=${quoted('keyId', options.keyId)}`]),
    `alg="${key.alg}"`,
    ...(options.tag === undefined ? [] : [`tag=${quoted('tag', options.tag)}`]),
  ].join(';')
  const signature = key.sign([...lines, `"@signature-params": ${input}`].join('\n'))
  return {
    ...request,
    headers: {
      ...headers,
      'signature-input': `${label}=${input}`,
      signature: `${label}=:${signature}:`,
    },
  }
}

function quoted(option: 'keyId' | 'tag', text: string): string {
  if (!/^[\x20-\x7e]*$/.test(text))
    throw new TypeError(`${option} must be printable ASCII, got ${text}`)
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}
