import type { Delivery } from '../delivery.ts'
import type { MaybePromise } from '../basics/maybe.ts'
import type { SignaturePlace } from './facts.ts'
import type { TrustedNames } from './lookup/trusted-names.ts'

/**
 * The parts of a delivery that a signature protects. Documentation, tests and the detection of replays use this
 * information.
 */
export interface Covers {
  /**
   * `bytes`: any changed byte of the body invalidates the signature. `fields`: any changed field of the body
   * invalidates the signature. `none`: the body is not protected.
   */
  readonly body: 'bytes' | 'fields' | 'none'
  readonly url?: boolean
  /** True if the event's id is signed. @default false */
  readonly id?: boolean
  /**
   * False if the topic is only in an unsigned header. Then an attacker can send a captured body again with another
   * topic. @default true if the body is protected
   */
  readonly topic?: boolean
  readonly timestamp?: boolean
}

/** Places of credentials in a delivery. Credentials are removed before a delivery is stored, logged or forwarded. */
export interface Credentials {
  readonly headers?: readonly string[]
  readonly query?: readonly string[]
  /**
   * Paths from the top of a JSON or XML body, such as `passcode` or `value[].clientState`; for a form, names of fields.
   */
  readonly fields?: readonly string[]
}

export function joinCredentials(
  a: Credentials = {},
  b: Credentials = {},
): Readonly<Required<Credentials>> {
  return {
    headers: [...(a.headers ?? []), ...(b.headers ?? [])],
    query: [...(a.query ?? []), ...(b.query ?? [])],
    fields: [...(a.fields ?? []), ...(b.fields ?? [])],
  }
}

/** A request to sign, with header names in lower case. `fetch` and `Request` accept it as their second argument. */
export interface SignableRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array<ArrayBuffer>
}

/** How deliveries are verified and signed. `Key` is made once from a secret. */
export interface Scheme<Key = unknown> {
  /**
   * The signed content, the algorithm and the encoding in words: `HMAC-SHA256 of {body}, hex`.
   * @default what the sender's facts say
   */
  readonly words?: string | undefined
  /** Place of the signature or token. @default what the sender's facts say */
  readonly place?: SignaturePlace
  /** Maximum difference of a signed time from now, in seconds. @default no time is signed */
  readonly tolerance?: number
  /**
   * What a verification depends on besides the algorithm and the message: `key in hex`, `prefix sha256=`, `several
   * signatures`, `lower case`.
   * @default none
   */
  readonly forms?: readonly string[]
  readonly covers: Covers
  readonly credentials?: Credentials
  /**
   * Names among `credentials` that contain a signature. A signature reveals no secret, so the signature of a rejected
   * delivery is stored, for `explain`. @default none
   */
  readonly signatures?: readonly string[]
  /** Headers without which `verify` rejects every delivery, in lower case. */
  readonly needs?: readonly string[]
  /**
   * Headers that `verify` may read in addition to `needs`, in lower case. A function if the header names depend on the
   * delivery. @default none
   */
  readonly reads?: readonly string[] | ((delivery: Delivery) => readonly string[])
  /**
   * True if `verify` reads only method, URL and headers. Then a delivery can be rejected before its body is read.
   * @default false
   */
  readonly head?: boolean
  /** Ready-made keys instead of secrets; see `fixedKeys`. */
  readonly keys?: readonly Key[]
  /**
   * Returns true if the delivery contains a signature or token, valid or not. @default true if one of `needs` is
   * present
   */
  present?(delivery: Delivery): boolean
  /**
   * True if `present` may need the body. Then no delivery is rejected before its body is read.
   * @default false
   */
  readonly anywhere?: boolean
  /** Makes a key from a secret. Throws a `TypeError` that names the expected format. */
  key(secret: string): Key
  /**
   * Makes a key in every way in which the sender has ever made keys from secrets; the first is the key that `key`
   * makes. @default only the key of `key`
   */
  keysOf?(secret: string): readonly Key[]
  /**
   * Returns the index in `keys` of the key that signed the delivery. If no key signed the delivery, throws a
   * `WebhookError` with the reason. `now` is in milliseconds since 1970.
   */
  verify(delivery: Delivery, keys: readonly Key[], now: number): MaybePromise<number>
  /**
   * Key ids with which a delivery was verified before. These ids are looked up under separate limits, so that requests
   * with invented ids cannot delay these look-ups.
   */
  readonly trusted?: TrustedNames
  /** Returns the signed time as text. */
  signedTime?(delivery: Delivery): string | undefined
  /** Adds the signature to a request. Absent if the receiver's key can only verify. */
  sign?(request: SignableRequest, key: Key, now: number): SignableRequest
  /** Signs with all given keys, as during a key rotation. Absent if the scheme does not allow several signatures. */
  signAll?(request: SignableRequest, keys: readonly Key[], now: number): SignableRequest
}
