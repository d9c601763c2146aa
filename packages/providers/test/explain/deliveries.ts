import { SENDERS_WRITE, treeOf, write } from './spoils/json-writers.ts'
import { FORM_BODIES, PAYLOADS, XML_BODY } from './payloads.ts'
import { randomOf } from './random.ts'
import { sealedBy, SIGNERS, type Sealed } from './sealed.ts'

/** A drawn delivery. `content` describes its body. */
export interface Drawn {
  readonly sealed: Sealed
  readonly content: string
}

/**
 * Draws one delivery of each sender that can sign. The seed decides the secret, the payload and the writer of the JSON.
 */
export function* drawn(seed: string): Generator<Drawn> {
  for (const sender of SIGNERS) {
    const random = randomOf(`${seed} of ${sender}`)
    const kind = random(10)
    const payload = random.of(Object.keys(PAYLOADS))
    const writer = random.of(SENDERS_WRITE)
    const form = random.of(Object.keys(FORM_BODIES))
    const [content, body, type] =
      kind === 0
        ? [`form ${form}`, FORM_BODIES[form]!, 'application/x-www-form-urlencoded']
        : kind === 1
          ? ['XML', XML_BODY, 'application/xml']
          : [
              `${payload}, ${writer.name}`,
              write(treeOf(PAYLOADS[payload]!), writer),
              'application/json',
            ]
    const own = sealedBy(sender, seed)!
    // If the signature is in the body, or covers only some fields, the body must be the sender's own.
    const isFree = own.provider().covers.body === 'bytes' && sender !== 'linear'
    const sealed = isFree ? sealedBy(sender, seed, body, type) : own
    yield { sealed: sealed ?? own, content: isFree ? content : 'its own' }
  }
}
