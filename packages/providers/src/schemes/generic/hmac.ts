import { WebhookError, type Delivery } from '@postern/core'
import { pairs, singleHeader, type HmacOptions, type SignatureClaim } from '@postern/core/scheme'
import type { GenericSchemeOptions } from './scheme-options.ts'

const CHOICES = {
  algorithm: ['sha1', 'sha256', 'sha384', 'sha512'],
  encoding: ['hex', 'base64', 'base64url'],
  keyEncoding: ['utf8', 'hex', 'base64'],
  timestampUnit: ['s', 'ms', 'iso', 'any'],
} as const

const MOST = 20

/** The options of `hmac` that those of `generic` mean. Throws a `TypeError` that names the option at fault. */
export function hmacOptions(name: string, options: GenericSchemeOptions): HmacOptions {
  checkChoices(name, options)
  const { param, several, timestampHeader, timestampUnit } = options
  const headers = [options.header ?? []].flat()
  const [header = param] = headers
  if (!header) throw new TypeError(`${name}: header is missing; scheme hmac needs it`)
  const { algorithm, encoding, keyEncoding, tolerance } = options
  const body = [options.message ?? '{body}'].flat().every((one) => one.includes('{body}'))
    ? ('bytes' as const)
    : ('none' as const)
  const shared = {
    algorithm,
    encoding,
    keyEncoding,
    timestampUnit,
    tolerance,
    anyCase: (encoding ?? 'hex') === 'hex',
    ...(options.message !== undefined && { message: options.message }),
  }
  if (options.pairs)
    return {
      ...pairs({ ...options.pairs, header, most: MOST }),
      ...shared,
      covers: { body, timestamp: true },
    }
  const covers = { body, ...(timestampHeader !== undefined && { timestamp: true }) }
  const base = { header, prefix: options.prefix ?? '', timestampHeader, covers, ...shared }
  if (headers.length === 0) return { ...base, header: '', query: param }
  if (headers.length < 2 && several === undefined) return base
  return {
    ...base,
    read: (delivery) => readAny(delivery, headers, options),
    present: (head) => headers.some((one) => head.header(one) !== undefined),
  }
}

// Options come from configuration files too, which no compiler checks.
function checkChoices(name: string, options: GenericSchemeOptions): void {
  for (const [option, allowed] of Object.entries(CHOICES)) {
    const value = options[option as keyof typeof CHOICES]
    if (value === undefined) continue
    const list: readonly string[] = option === 'keyEncoding' ? [value].flat() : [value as string]
    const wrong =
      list.length === 0 ? '' : list.find((one) => !(allowed as readonly string[]).includes(one))
    if (wrong !== undefined)
      throw new TypeError(`${name}: ${option} must be one of ${allowed.join(', ')}, got ${wrong}`)
  }
}

/** The signatures of several headers, or several of one, such as those of an old and of a new key. */
function readAny(
  delivery: Delivery,
  headers: readonly string[],
  { prefix = '', several, timestampHeader }: GenericSchemeOptions,
): SignatureClaim {
  const signatures = headers
    .filter((header) => delivery.header(header) !== undefined)
    .flatMap((header) => {
      const value = singleHeader(delivery, header)
      const all = several === undefined ? [value] : value.split(several)
      if (all.length > MOST)
        throw new WebhookError('malformed_header', { problem: 'too_many', header, limit: MOST })
      if (several === undefined) return [bare(value, prefix, header)]
      // Beside our version of a signature there can be others.
      const own = all.map((one) => one.trim()).filter((one) => one.startsWith(prefix))
      return (own.length === 0 ? all : own).map((one) => bare(one.trim(), prefix, header))
    })
  if (signatures.length === 0)
    throw new WebhookError('missing_header', {
      problem: 'missing',
      header: headers[0]!,
      ...(headers.length > 1 && { expected: `one of ${headers.join(', ')}` }),
    })
  return claim(delivery, signatures, timestampHeader)
}

function bare(value: string, prefix: string, header: string): string {
  const signature = value.slice(prefix.length)
  if (value.startsWith(prefix) && !/[\s,]/.test(signature)) return signature
  throw new WebhookError('malformed_header', {
    problem: value.startsWith(prefix) ? 'several' : 'wrong_prefix',
    header,
    expected: prefix === '' ? 'one signature' : prefix,
  })
}

function claim(
  delivery: Delivery,
  signatures: readonly string[],
  timestampHeader: string | undefined,
): SignatureClaim {
  if (timestampHeader === undefined) return { signatures }
  return { signatures, timestamp: singleHeader(delivery, timestampHeader) }
}
