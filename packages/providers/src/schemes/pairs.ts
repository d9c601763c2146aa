import { type Delivery } from '@postern/core'
import { malformed, singleHeader, type Message, type SignatureOptions } from '@postern/core/scheme'

/** How a sender writes a signed time and its signatures into one header. */
export interface PairsOptions {
  readonly header: string
  /** Between the pairs; blanks after it are skipped. */
  readonly separator: ',' | ';'
  /** Name of the pair with the time. */
  readonly time: string
  /** Name of the pair with a signature. */
  readonly signature: string
  /** How many signatures there may be. */
  readonly most: number
  /** Between the time and the body in what is signed. */
  readonly joint: string
  /** True where the event's id is in the body, hence signed. @default false */
  readonly id?: boolean
}

/**
 * The grammar `t=<time>,v1=<signature>` and its like, for `hmac`: one time, at least one signature, other names ignored.
 * The time and the body's bytes are signed.
 */
export function pairs(
  options: PairsOptions,
): Pick<SignatureOptions, 'header' | 'read' | 'write' | 'message' | 'covers'> {
  const { header, separator, joint } = options
  return {
    header,
    covers: { body: 'bytes', timestamp: true, id: options.id ?? false },
    read(delivery) {
      const times: string[] = []
      const signatures: string[] = []
      for (const part of singleHeader(delivery, header).split(separator)) {
        const [, name, value = ''] = /^ *(\w+)=([^\s,]+)$/.exec(part) ?? []
        if (name === undefined) throw grammar(options)
        if (name === options.time) times.push(value)
        else if (name === options.signature) signatures.push(value)
      }
      const [timestamp] = times
      const known = signatures.length > 0 && signatures.length <= options.most
      if (timestamp === undefined || times.length > 1 || !known) throw grammar(options)
      return { signatures, timestamp }
    },
    write: (signature, timestamp) => ({
      [header]: `${options.time}=${timestamp}${separator}${options.signature}=${signature}`,
    }),
    message: (delivery: Delivery, timestamp): Message => [`${timestamp}${joint}`, delivery.body],
  }
}

function grammar({ header, time, signature, separator, most }: PairsOptions): Error {
  const several = most === 1 ? 'once' : 'at least once'
  return malformed(header, `${time}= once and ${signature}= ${several}, joined by ${separator}`)
}
