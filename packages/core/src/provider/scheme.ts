import type { Delivery } from '../delivery.ts'
import type { MaybePromise } from '../basics/maybe.ts'
import type { SignaturePlace } from './facts.ts'
import type { TrustedNames } from './lookup/trusted-names.ts'

/** The parts of a delivery that a signature protects. Documentation, tests and the defense against replays read it. */
export interface Covers {
  /** `bytes`: any changed byte of the body is noticed. `fields`: any changed field is. `none`: the body is not protected. */
  readonly body: 'bytes' | 'fields' | 'none'
  readonly url?: boolean
  /** True if the event's id is in what is signed. @default false */
  readonly id?: boolean
  /**
   * False if the topic is in an unsigned header and nowhere else: a captured body can be sent again
   * under another topic. @default true if the body is protected
   */
  readonly topic?: boolean
  readonly timestamp?: boolean
}

/** Places of a delivery that hold credentials: stripped before store, log and forward. */
export interface Credentials {
  readonly headers?: readonly string[]
  readonly query?: readonly string[]
  /** Paths from the top of a JSON or XML body, `passcode` or `value[].clientState`; of a form, names of fields. */
  readonly fields?: readonly string[]
}

/** The places of both. */
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

/** A request about to be signed. Header names in lower case. It fits the second argument of `fetch` and of `Request`. */
export interface SignableRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array<ArrayBuffer>
}

/** How a delivery is signed: small functions that verify and sign. `Key` is made once from a secret. */
export interface Scheme<Key = unknown> {
  /** What is signed, by which algorithm, written how: `HMAC-SHA256 of {body}, hex`. @default what the sender's facts say */
  readonly words?: string | undefined
  /** Where the signature or the token lies. @default what the sender's facts say */
  readonly place?: SignaturePlace
  /** Seconds that a signed time may be away from now. @default nothing is dated */
  readonly tolerance?: number
  /**
   * What a verdict depends on next to algorithm and message: `key in hex`, `prefix sha256=`, `several signatures`, `lower
   * case`. Each needs a known answer by the sender. @default none
   */
  readonly forms?: readonly string[]
  readonly covers: Covers
  readonly credentials?: Credentials
  /**
   * Names among `credentials` that hold a signature. It reveals no secret, so a rejected delivery keeps it, for `explain`.
   * @default none
   */
  readonly signatures?: readonly string[]
  /** Headers, in lower case, without which `verify` rejects each delivery. */
  readonly needs?: readonly string[]
  /** Headers, in lower case, that `verify` may read next to `needs`; a function if the delivery names them. @default none */
  readonly reads?: readonly string[] | ((delivery: Delivery) => readonly string[])
  /** True if `verify` reads method, URL and headers alone, so that it can reject before the body is read. @default false */
  readonly head?: boolean
  /** Keys ready made, in place of secrets: see `fixedKeys`. */
  readonly keys?: readonly Key[]
  /** True if the delivery carries what this scheme verifies, right or wrong. @default one of `needs` is there */
  present?(delivery: Delivery): boolean
  /** True if `present` may need the body: then nothing is rejected only by the head. @default false */
  readonly anywhere?: boolean
  /** Makes a key of a secret. Throws a `TypeError` that names the expected format. */
  key(secret: string): Key
  /** All keys that the sender has ever made of a secret; the first is that of `key`. @default the one of `key` */
  keysOf?(secret: string): readonly Key[]
  /**
   * Finds the key that signed the delivery and returns its index in `keys`. Throws a `WebhookError` with the reason if
   * none did. `now` is in milliseconds since 1970.
   */
  verify(delivery: Delivery, keys: readonly Key[], now: number): MaybePromise<number>
  /** Names of keys that `verify` looks up apart from invented ones. */
  readonly trusted?: TrustedNames
  /** The time that was signed next to the body, as it came. */
  signedTime?(delivery: Delivery): string | undefined
  /** Adds the signature to a request. Absent if the receiver's key can only verify. */
  sign?(request: SignableRequest, key: Key, now: number): SignableRequest
  /** Signs with each of the keys in force, if the scheme has room for several signatures: both during a rotation. */
  signAll?(request: SignableRequest, keys: readonly Key[], now: number): SignableRequest
}
