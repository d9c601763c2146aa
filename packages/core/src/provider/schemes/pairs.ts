import type { Delivery } from '../../delivery.ts'
import { WebhookError } from '../../errors.ts'
import { malformed, singleHeader } from './signature/header.ts'
import type { SignatureClaim, SignatureOptions } from './signature/signature.ts'

/** How a sender writes a time and signatures in one header, as pairs such as `t=…,v1=…`. */
export interface PairsOptions {
  /** The header with the pairs. */
  readonly header: string
  /** Separator between the pairs. Spaces after the separator are ignored. @default ',' */
  readonly separator?: ',' | ';'
  /**
   * Separator between groups of pairs. Set if the sender repeats the time with each signature during a key rotation.
   * @default none
   */
  readonly groups?: ' '
  /** Name of the pair with the time. @default 't' */
  readonly time?: string
  /** Name of the pair with a signature. @default 'v1' */
  readonly signature?: string
  /** Maximum number of signatures. @default 20 */
  readonly most?: number
  /** The signed message. @default '{time}.{body}' */
  readonly message?: SignatureOptions['message']
}

/**
 * Returns options of `hmac` for headers such as `t=<time>,v1=<signature>`: one time and at least one signature. Pairs
 * with other names are ignored. The time and the body's bytes are signed.
 *
 * @example hmac({ ...pairs({ header: 'acme-signature' }), tolerance: 300 })
 */
export function pairs(
  options: PairsOptions,
): Pick<SignatureOptions, 'header' | 'read' | 'write' | 'needs' | 'message' | 'covers'> {
  const { separator = ',', time = 't', signature = 'v1', most = 20 } = options
  const header = options.header.toLowerCase()
  const often = most === 1 ? 'once' : 'at least once'
  const expected = `${time}= once and ${signature}= ${often}, joined by ${separator}`
  return {
    header: options.header,
    covers: { body: 'bytes', timestamp: true },
    needs: [header],
    read(delivery: Delivery) {
      const times: string[] = []
      const signatures: string[] = []
      const value = singleHeader(delivery, header)
      const whole = options.groups ? value.replaceAll(options.groups, separator) : value
      for (const part of whole.split(separator)) {
        const [, name, text = ''] = /^ *(\w+)=([^\s,]+)$/.exec(part) ?? []
        if (name === undefined) throw malformed({ header }, expected)
        if (name === time) times.push(text)
        else if (name === signature) signatures.push(text)
      }
      const [timestamp] = times
      // All groups must have the same time. Otherwise an attacker could add a group with another time, and choose which
      // time is checked.
      const several = options.groups ? new Set(times).size : times.length
      if (several > 1 || signatures.length > most) throw malformed({ header }, expected, 'several')
      if (timestamp === undefined || signatures.length === 0) throw malformed({ header }, expected)
      return { signatures, timestamp }
    },
    write: (value, timestamp) => ({
      [header]: `${time}=${timestamp}${separator}${signature}=${value}`,
    }),
    message: options.message ?? '{time}.{body}',
  }
}

interface SeveralOptions extends Pick<SignatureOptions, 'prefix' | 'timestampHeader'> {
  readonly several?: ',' | ' ' | undefined
}

const MOST = 20

/**
 * Reads several signatures, such as signatures of an old and a new key, from several headers or from a list in one
 * header.
 */
export function readSeveral(
  delivery: Delivery,
  headers: readonly string[],
  { prefix = '', several, timestampHeader }: SeveralOptions,
): SignatureClaim {
  const signatures = headers
    .filter((header) => delivery.header(header) !== undefined)
    .flatMap((header) => {
      const value = singleHeader(delivery, header)
      if (several === undefined) return [bare(value, prefix, header)]
      const all = value.split(several).map((one) => one.trim())
      if (all.length > MOST)
        throw new WebhookError('malformed_header', { problem: 'too_many', header, limit: MOST })
      // Signatures without the prefix are of other versions, so they are skipped. If none has the prefix, `bare`
      // throws.
      const own = all.filter((one) => one.startsWith(prefix))
      return (own.length === 0 ? all : own).map((one) => bare(one, prefix, header))
    })
  if (signatures.length === 0)
    throw new WebhookError('missing_header', {
      problem: 'missing',
      header: headers[0]!,
      ...(headers.length > 1 && { expected: `one of ${headers.join(', ')}` }),
    })
  const timestamp =
    timestampHeader === undefined ? undefined : singleHeader(delivery, timestampHeader)
  return { signatures, timestamp }
}

function bare(value: string, prefix: string, header: string): string {
  const signature = value.slice(prefix.length)
  if (value.startsWith(prefix) && !/[\s,]/.test(signature)) return signature
  const problem = value.startsWith(prefix) ? 'several' : 'wrong_prefix'
  throw malformed({ header }, prefix === '' ? 'one signature' : prefix, problem)
}
