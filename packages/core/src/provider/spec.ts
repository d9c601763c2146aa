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

/** Members that a provider copies from its spec. */
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

/** The argument of `provider()`. `Ready` is the result of `prepare`; without `prepare`, it is the options. */
export interface ProviderSpec<
  Options extends object,
  Key = unknown,
  Ready = Options,
> extends Plain {
  /** Name for people. @default name */
  readonly title?: string
  /** The sender's page on its signatures. @default '' */
  readonly docs?: string
  /** How to register a URL at the sender and find its secret. */
  readonly setup?: Setup
  /**
   * Facts from its documentation. `retrySpan`, `failsOnRedirect` and the limit of a body follow from them. @default nothing is
   * known
   */
  readonly facts?: SenderFacts
  /** Topics of the sender; only examples if there are many. @default [] */
  readonly topics?: readonly string[]
  /** Challenges that the receiver answers. @default [] */
  readonly handshakes?: readonly string[]
  /** Every option with its description: any other name is a `TypeError`. */
  readonly options: Readonly<Record<keyof Options & string, string>>
  /** Checks the options and returns the value that the functions below get instead of them. Throws a `TypeError`. */
  readonly prepare?: (options: Options) => Ready
  /** Returns the scheme. Use `noAuth` if nothing is signed, `fixedKeys` if the keys are not strings. */
  readonly scheme: (options: Ready) => Scheme<Key>
  /** Name of the option for the secret. @default 'secret', if there is such an option */
  readonly secret?: string
  /**
   * Other keys and ids of the same sender, as an expression and in words. Given as the secret, each is a `TypeError` that says
   * where `setup.secret` finds the right one. @default none
   */
  readonly notSecret?: readonly (readonly [form: RegExp, words: string])[]
  /**
   * Returns the name and value of the secret option in force, if several can contain the secret or it has a default. With an
   * option `unauthenticated` the value may be undefined. @default the option of `secret`
   */
  readonly secretOf?: (options: Ready) => readonly [option: string, value: SecretOption | undefined]
  /** The protected parts. They refine the scheme's `covers`, but cannot exceed it. @default that of the scheme */
  readonly covers?: Covers
  /**
   * Headers that the functions below read, in lower case, in addition to those of the scheme, of `claims` and of `compose`; a
   * function if the delivery names them. They are kept of a rejected delivery. @default none
   */
  readonly reads?: readonly string[] | ((delivery: Delivery, options: Ready) => readonly string[])
  /**
   * Another kind of proof that the sender may use but this provider does not accept: its header, and how to get the right one.
   * The rejection of a missing signature says so. @default none
   */
  readonly instead?: { readonly header: string; readonly remedy: string }
  /** False if only the sender has the signing key. @default true */
  readonly canSign?: boolean
  /** Returns members of the provider that depend on its options. */
  readonly more?: (options: Ready) => Partial<Plain>
  /** Checks more than the signature, after it has matched; throws a `WebhookError`. */
  readonly check?: (delivery: Delivery, clock: Clock, options: Ready) => MaybePromise<void>
  readonly events: (delivery: Delivery, body: ParsedBody, options: Ready) => readonly EventDraft[]
  readonly format?: (
    delivery: Delivery,
    options: Ready,
  ) => ReturnType<NonNullable<Provider['format']>>
  readonly labelled?: (delivery: Delivery, options: Ready) => boolean
  /** Returns the reply to an unsigned challenge. `keys` are those in force, for the few senders that want a signed reply. */
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
  /** Returns the request parts with topic, id and payload, for `sign`. @default the JSON of `payload` */
  readonly compose?: (draft: Draft, options: Ready) => Composed
}
