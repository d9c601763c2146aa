import type { ParsedBody, Delivery } from '../delivery.ts'
import type { EventDraft } from '../event.ts'
import type { MaybePromise } from '../basics/maybe.ts'
import type { Reply } from '../receive/reply/reply.ts'
import type { Composed } from './compose.ts'
import type { Clock, Draft, Greeting, Provider, Result, Verified } from './provider.ts'
import type { SenderFacts } from './facts.ts'
import type { Covers, Scheme } from './scheme.ts'
import type { Keyring, SecretOption } from './secrets.ts'
import type { Setup } from './about.ts'

/** Names of the members that a provider copies from its spec. */
export const PLAIN = [
  'methods',
  'limits',
  'retrySpan',
  'failsOnRedirect',
  'formats',
  'codings',
  'charsets',
  'contentType',
  'repeats',
  'topics',
  'ids',
  'greets',
  'challenge',
  'claims',
  'topicHeader',
  'xml',
  'rejection',
  'unwrap',
] as const

type Plain = Pick<Provider, 'name' | 'credentials' | (typeof PLAIN)[number]>

/**
 * The argument of `provider()`. `Ready` is the type that `prepare` returns; without `prepare`, `Ready` is the type of
 * the options.
 */
export interface ProviderSpec<
  Options extends object,
  Key = unknown,
  Ready = Options,
> extends Plain {
  /** Name of the sender as people write it, such as `GitHub`. @default name */
  readonly title?: string
  /** URL of the sender's page about its signatures. @default '' */
  readonly docs?: string
  /** How to register a URL at the sender and find the secret. */
  readonly setup?: Setup
  /**
   * Facts from the sender's documentation. The facts set the defaults of `retrySpan`, `failsOnRedirect` and
   * `limits.body`.
   * @default nothing is known
   */
  readonly facts?: SenderFacts
  /** Topics of the sender; only examples if there are many. @default [] */
  readonly topics?: readonly string[]
  /** Challenges that the receiver answers. @default [] */
  readonly handshakes?: readonly string[]
  /** Every option with its description. An option that is not listed causes a `TypeError`. */
  readonly options: Readonly<Record<keyof Options & string, string>>
  /**
   * Checks the options, and throws a `TypeError` for a wrong option. The functions below get the returned value instead
   * of the options.
   */
  readonly prepare?: (options: Options) => Ready
  /** Returns the scheme. If nothing is signed, use `noAuth`. If the keys are not strings, use `fixedKeys`. */
  readonly scheme: (options: Ready) => Scheme<Key>
  /** Name of the option for the secret. @default 'secret' if `options` has this name */
  readonly secret?: string
  /**
   * Other keys and ids that users may confuse with the secret, each as a regular expression and in words. If such a key
   * or id is given as the secret, a `TypeError` names it and asks for the secret that `setup.secret` describes.
   * @default none
   */
  readonly notSecret?: readonly (readonly [form: RegExp, words: string])[]
  /**
   * Returns the name and value of the option that contains the secret. Needed if several options can contain the
   * secret, or if the secret has a default. The value may be undefined if there is an option `unauthenticated`.
   * @default the option that `secret` names
   */
  readonly secretOf?: (options: Ready) => readonly [option: string, value: SecretOption | undefined]
  /**
   * The protected parts. These parts refine the scheme's `covers`, but cannot claim what the scheme does not protect.
   * @default `covers` of the scheme
   */
  readonly covers?: Covers
  /**
   * Headers that the functions below read, in lower case. Headers of the scheme, of `claims` and of `compose` need not
   * be listed. A function if the names depend on the delivery. These headers of a rejected delivery are stored, for
   * `explain`. @default none
   */
  readonly reads?: readonly string[] | ((delivery: Delivery, options: Ready) => readonly string[])
  /**
   * Another authentication method that the sender may use but this provider does not accept. `header` is the header of
   * that method; `remedy` says how to switch to the right method. If the signature is missing and `header` is present,
   * the rejection includes `remedy`.
   * @default none
   */
  readonly instead?: { readonly header: string; readonly remedy: string }
  /** False if only the sender has the signing key. @default true */
  readonly canSign?: boolean
  /** Returns members of the provider that depend on the options. */
  readonly more?: (options: Ready) => Partial<Plain>
  /** Checks more than the signature, after the signature has matched. Throws a `WebhookError` to reject. */
  readonly check?: (delivery: Delivery, clock: Clock, options: Ready) => MaybePromise<void>
  readonly events: (delivery: Delivery, body: ParsedBody, options: Ready) => readonly EventDraft[]
  readonly format?: (
    delivery: Delivery,
    options: Ready,
  ) => ReturnType<NonNullable<Provider['format']>>
  readonly labelled?: (delivery: Delivery, options: Ready) => boolean
  /**
   * Returns the reply to an unsigned challenge. `keys` are the provider's keys, for the few senders that want a signed
   * reply.
   */
  readonly greet?: (
    delivery: Delivery,
    options: Ready,
    keys: Keyring<Key>,
  ) => MaybePromise<Greeting | undefined>
  readonly handshake?: (
    delivery: Delivery,
    body: ParsedBody,
    verified: Verified,
    options: Ready,
  ) => MaybePromise<Reply | undefined>
  readonly reply?: (result: Result, delivery: Delivery, options: Ready) => Reply | undefined
  /**
   * Returns the request parts that contain topic, id and payload, for `sign`. @default the body is the JSON of
   * `payload`
   */
  readonly compose?: (draft: Draft, options: Ready) => Composed
}
