import type { Delivery } from '../../delivery.ts'
import { WebhookError } from '../../errors.ts'
import { singleHeader } from './signature/header.ts'
import type { SignatureOptions } from './signature/signature.ts'

/** How a sender writes a signed time and its signatures into one header. */
export interface PairsOptions {
  /** The header that carries the pairs. */
  readonly header: string
  /** Between the pairs; blanks after it are skipped. @default ',' */
  readonly separator?: ',' | ';'
  /** Between groups of pairs, each with the time, if a rotation repeats the whole. @default none */
  readonly groups?: ' '
  /** Name of the pair with the time. @default 't' */
  readonly time?: string
  /** Name of the pair with a signature. @default 'v1' */
  readonly signature?: string
  /** How many signatures there may be. @default 20 */
  readonly most?: number
  /** What is signed. @default '{time}.{body}' */
  readonly message?: SignatureOptions['message']
}

/**
 * The grammar `t=<time>,v1=<signature>` and its like, for `hmac`: one time, at least one signature, other names ignored.
 * The time and the body's bytes are signed.
 *
 * @example hmac({ ...pairs({ header: 'acme-signature' }), tolerance: 300 })
 */
export function pairs(
  options: PairsOptions,
): Pick<SignatureOptions, 'header' | 'read' | 'write' | 'needs' | 'message' | 'covers'> {
  const { separator = ',', time = 't', signature = 'v1', most = 20 } = options
  const header = options.header.toLowerCase()
  const grammar = (problem: 'malformed' | 'several' = 'malformed'): WebhookError =>
    new WebhookError('malformed_header', {
      problem,
      header,
      expected: `${time}= once and ${signature}= ${most === 1 ? 'once' : 'at least once'}, joined by ${separator}`,
    })
  return {
    header,
    covers: { body: 'bytes', timestamp: true },
    needs: [header],
    read(delivery: Delivery) {
      const times: string[] = []
      const signatures: string[] = []
      const value = singleHeader(delivery, header)
      const whole = options.groups ? value.replaceAll(options.groups, separator) : value
      for (const part of whole.split(separator)) {
        const [, name, text = ''] = /^ *(\w+)=([^\s,]+)$/.exec(part) ?? []
        if (name === undefined) throw grammar()
        if (name === time) times.push(text)
        else if (name === signature) signatures.push(text)
      }
      const [timestamp] = times
      // All groups of a delivery have one time: nobody chooses which of two counts.
      const several = options.groups ? new Set(times).size : times.length
      if (several > 1 || signatures.length > most) throw grammar('several')
      if (timestamp === undefined || signatures.length === 0) throw grammar()
      return { signatures, timestamp }
    },
    write: (value, timestamp) => ({
      [header]: `${time}=${timestamp}${separator}${signature}=${value}`,
    }),
    message: options.message ?? '{time}.{body}',
  }
}
