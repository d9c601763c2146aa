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

/** Members that a provider takes unchanged from its spec. */
type Plain = Omit<
  Provider,
  | 'covers'
  | 'verify'
  | 'admit'
  | 'proves'
  | 'sign'
  | 'events'
  | 'format'
  | 'labelled'
  | 'greet'
  | 'handshake'
  | 'reply'
  | 'types'
  | 'unauthenticated'
  | 'signedTime'
  | 'trusted'
  | 'reads'
  | 'signatures'
  | 'inner'
  | 'proofs'
>

/** The argument of `provider()`. `Ready` is the result of `prepare`; without `prepare`, the options themselves. */
export interface ProviderSpec<
  Options extends object,
  Key = unknown,
  Ready = Options,
> extends Plain {
  /** Name as people write it. @default name */
  readonly title?: string
  /** The sender's own page on its signatures. @default '' */
  readonly docs?: string
  /** How to register a URL at the sender, and where its secret is found. */
  readonly setup?: Setup
  /** What its documentation says. `retrySpan`, `failsOnRedirect` and the limit of a body follow from it. @default nothing is known */
  readonly facts?: SenderFacts
  /** Topics that are sent; examples if there are many. @default [] */
  readonly topics?: readonly string[]
  /** Challenges that are answered. @default [] */
  readonly handshakes?: readonly string[]
  /** Every option with a sentence on it: any other name is a `TypeError`. */
  readonly options: Readonly<Record<keyof Options & string, string>>
  /** Checks the options and returns a value that the functions below get in their place. Throws a `TypeError`. */
  readonly prepare?: (options: Options) => Ready
  /** How deliveries are signed. `noAuth` if nothing is signed, `fixedKeys` if the keys are not strings. */
  readonly scheme: (options: Ready) => Scheme<Key>
  /** Name of the option that takes the secret. @default 'secret', if there is such an option */
  readonly secret?: string
  /**
   * Other keys and ids of the same sender, by their form and in words: given as the secret, each is a `TypeError` that says
   * where `setup.secret` finds the right one. @default none
   */
  readonly notSecret?: readonly (readonly [form: RegExp, words: string])[]
  /**
   * The option that counts and its value, if several can take the secret or it has a default. With an option
   * `unauthenticated` the value may be undefined. @default the option of `secret`
   */
  readonly secretOf?: (options: Ready) => readonly [option: string, value: SecretOption | undefined]
  /** The most that is protected: it refines the scheme's `covers`, but cannot exceed it. @default that of the scheme */
  readonly covers?: Covers
  /**
   * Headers that the functions below read, in lower case, next to those of the scheme, of `claims` and of `compose`; a
   * function if the delivery itself names them. A rejected delivery keeps them. @default none
   */
  readonly reads?: readonly string[] | ((delivery: Delivery, options: Ready) => readonly string[])
  /**
   * Another form of proof that the sender may be set to, which is not taken: the header that has it, and the way to the
   * right one. A rejection for want of a signature says so. @default none
   */
  readonly instead?: { readonly header: string; readonly remedy: string }
  /** False if only the sender has the signing key. @default true */
  readonly canSign?: boolean
  /** Members of the provider that depend on its options. */
  readonly more?: (options: Ready) => Partial<Plain>
  /** Checks more than the signature, after the signature has matched; throws a `WebhookError`. */
  readonly check?: (delivery: Delivery, clock: Clock, options: Ready) => MaybePromise<void>
  readonly events: (delivery: Delivery, body: ParsedBody, options: Ready) => readonly EventDraft[]
  readonly format?: (
    delivery: Delivery,
    options: Ready,
  ) => ReturnType<NonNullable<Provider['format']>>
  readonly labelled?: (delivery: Delivery, options: Ready) => boolean
  /** Answers an unsigned challenge. `keys` are those in force, for the few senders that want a signed answer. */
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
  /** Puts topic, id and payload where this sender has them, for `sign`. @default the JSON of `payload` */
  readonly compose?: (draft: Draft, options: Ready) => Composed
}
