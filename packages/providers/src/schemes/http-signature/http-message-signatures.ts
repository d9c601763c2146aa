import { WebhookError, type Delivery } from '@postern/core'
import {
  type MaybePromise,
  checkTimestamp,
  malformed,
  mismatch,
  toleranceOption,
} from '@postern/core/internal'
import type { KeyEncoding, Scheme, SignableRequest } from '@postern/core/scheme'
import {
  checkContentDigest,
  componentValue,
  targetOf,
  type SignatureTarget,
  contentDigest,
  derivedValue,
} from './base.ts'
import {
  secretKey,
  type HttpSignatureAlgorithm,
  type HttpSignatureKey,
  type HttpSignatureKeys,
} from './keys.ts'
import { readSignature, type ReadSignature } from './read.ts'
import { structuredFields, type StructuredFields } from './structured-fields.ts'
import { randomUUID } from 'node:crypto'

export interface HttpMessageSignaturesOptions {
  /** Algorithm of the keys in the options. A message with another `alg` is rejected. @default 'hmac-sha256' */
  readonly alg?: HttpSignatureAlgorithm | undefined
  /** The only accepted `keyid`. @default any `keyid` */
  readonly keyId?: string | undefined
  /** Encoding of a shared secret. @default 'utf8' */
  readonly keyEncoding?: KeyEncoding | undefined
  /**
   * Label of the signature to verify, if a message has several. @default the only signature that has the given `keyId`
   * and `tag`
   */
  readonly label?: string | undefined
  /** The required `tag` of a signature. @default any `tag` */
  readonly tag?: string | undefined
  /**
   * Components that a signature must cover. `content-digest` is required only if there is a body. Instead of
   * `@target-uri`, a signature may cover its parts.
   * @default ['@method', '@target-uri', 'content-digest']
   */
  readonly requiredComponents?: readonly string[] | undefined
  /** Required parameters of a signature. @default ['created'] */
  readonly requiredParameters?: readonly string[] | undefined
  /** Maximum difference between `created` and now, in seconds, in either direction. @default 300 */
  readonly tolerance?: number | undefined
  /**
   * Throws a `WebhookError` if a time of a signature is wrong. `now` is in milliseconds since 1970.
   * @default a check with `tolerance`
   */
  readonly checkTimes?: (parameters: ReadonlyMap<string, unknown>, now: number) => void
  /**
   * Returns the parts of a URL as the sender signs them, for senders that normalize the URL. @default host in lower
   * case without the default port
   */
  readonly target?: (url: string) => SignatureTarget
  /** If true, also accepts signatures in base64url without padding. @default false */
  readonly base64url?: boolean
}

const LONGEST_INPUT = 8192

/** Returns `content-digest` and the headers that the signature covers. `Signature-Input` has their names in quotes. */
function coveredHeaders(delivery: Delivery): readonly string[] {
  const input = delivery.header('signature-input')?.slice(0, LONGEST_INPUT) ?? ''
  return ['content-digest', ...(input.match(/(?<=")[a-z\d-]+(?=")/g) ?? [])]
}

/**
 * Creates a scheme for HTTP Message Signatures (RFC 9421). The package structured-headers, an optional peer dependency,
 * parses the headers. The first delivery loads that package. If the keys are in the options, later deliveries are
 * verified without `await`. If `Content-Digest` (RFC 9530) is present, the digest is compared with the body.
 */
export function httpMessageSignatures(
  options: HttpMessageSignaturesOptions = {},
): Scheme<HttpSignatureKeys> {
  structuredFields.check('http message signatures')
  const { alg = 'hmac-sha256', target = targetOf } = options
  const tolerance = toleranceOption(options.tolerance, 300)
  const components = options.requiredComponents ?? ['@method', '@target-uri', 'content-digest']
  const parameters = options.requiredParameters ?? ['created']
  const url = components.some((name) => URL_COMPONENTS.includes(name))
  return {
    covers: {
      body: components.includes('content-digest') ? 'bytes' : 'none',
      ...(url && { url: true }),
      ...(parameters.includes('created') && { timestamp: true }),
    },
    needs: ['signature-input', 'signature'],
    reads: coveredHeaders,
    key: (secret) => secretKey(secret, alg, options),
    verify(delivery, keys, now) {
      const sf = structuredFields.loaded
      return sf
        ? judge(sf, delivery, keys, now)
        : structuredFields.load().then((loaded) => judge(loaded, delivery, keys, now))
    },
    sign(request, keys, now) {
      if (!keys.first) throw new TypeError('a key set cannot sign: its keys are public')
      const how = { ...options, components, parameters, lifetime: tolerance, target }
      return signRequest(request, keys.first, now, how)
    },
  }

  function judge(
    sf: StructuredFields,
    delivery: Delivery,
    keys: readonly HttpSignatureKeys[],
    now: number,
  ): MaybePromise<number> {
    const read = readSignature(sf, delivery, options)
    const place = target(delivery.url)
    checkCovered(read, delivery, place)
    for (const name of parameters)
      if (read.parameters.get(name) === undefined)
        throw malformed({ header: 'signature-input' }, `a signature with the parameter ${name}`)
    if (options.tag !== undefined && read.parameters.get('tag') !== options.tag)
      throw malformed({ header: 'signature-input' }, `a signature with the tag ${options.tag}`)
    ;(options.checkTimes ?? checkTimes)(read.parameters, now)
    if (delivery.header('content-digest') !== undefined) checkContentDigest(sf, delivery)
    const base = [
      ...read.components.map(
        (component) =>
          `${sf.serializeItem(component as never)}: ${componentValue(sf, component, delivery, place)}`,
      ),
      `"@signature-params": ${read.serialized}`,
    ].join('\n')
    return attempt(0)

    function attempt(at: number): MaybePromise<number> {
      const source = keys[at]
      if (!source)
        throw mismatch({ header: 'signature' }, keys.length, {
          ...(read.components.some(([name]) => name === 'content-digest') && { delivery }),
          ...(url && { url: delivery.url }),
        })
      const found = source.find(read.keyId, now)
      const matched = (list: readonly HttpSignatureKey[]): MaybePromise<number> =>
        list.some((key) => accepts(key, read, base)) ? at : attempt(at + 1)
      return found instanceof Promise ? found.then(matched) : matched(found)
    }
  }

  function checkCovered(read: ReadSignature, delivery: Delivery, place: SignatureTarget): void {
    const covered = new Set(
      read.components.filter(([, own]) => own.size === 0).map(([name]) => name as string),
    )
    const whole =
      covered.has('@target-uri') ||
      (covered.has('@authority') &&
        (covered.has('@request-target') ||
          (covered.has('@path') && (place.query === '' || covered.has('@query')))))
    for (const name of components) {
      if (covered.has(name) || (name === '@target-uri' && whole)) continue
      if (name === 'content-digest' && delivery.body.length === 0) continue
      throw malformed({ header: 'signature-input' }, `a signature that covers ${name}`)
    }
  }

  function checkTimes(values: ReadonlyMap<string, unknown>, now: number): void {
    const created = seconds(values, 'created')
    const expires = seconds(values, 'expires')
    if (created !== undefined) checkTimestamp(created * 1000, now, tolerance)
    if (expires !== undefined && now > expires * 1000)
      throw new WebhookError('timestamp_too_old', {
        problem: 'expired',
        header: 'signature-input',
        field: 'expires',
      })
  }
}

const URL_COMPONENTS: readonly string[] = ['@target-uri', '@path', '@request-target']

function accepts(key: HttpSignatureKey, read: ReadSignature, base: string): boolean {
  const { alg } = read
  return (
    (alg === undefined || alg === key.alg) &&
    (key.keyId === undefined || key.keyId === read.keyId) &&
    key.verify(base, read.signature)
  )
}

export function coversField(
  delivery: Delivery,
  options: HttpMessageSignaturesOptions,
  header: string,
): boolean {
  const sf = structuredFields.loaded
  if (!sf) return false
  return readSignature(sf, delivery, options).components.some(
    ([name, own]) => name === header && own.size === 0,
  )
}

/** Returns a time in seconds since 1970. Throws `malformed_header` if the time is not a whole number. */
export function seconds(values: ReadonlyMap<string, unknown>, name: string): number | undefined {
  const value = values.get(name)
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw malformed(
      { header: 'signature-input' },
      `a signature whose ${name} is a whole number of seconds`,
    )
  return value
}

interface SignRequestOptions {
  /** Components to sign, without parameters. `content-digest` is signed only if there is a body. */
  readonly components: readonly string[]
  /** Parameters of the signature. Of the optional parameters, only `expires` and `nonce` are supported. */
  readonly parameters: readonly string[]
  /** Seconds from `created` to `expires`. */
  readonly lifetime: number
  readonly target: (url: string) => SignatureTarget
  readonly keyId?: string | undefined
  readonly tag?: string | undefined
  readonly label?: string | undefined
}

/** Signs a request (RFC 9421, section 3.1). If there is a body, adds its `Content-Digest` first. */
function signRequest(
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
