import type { ParsedBody } from '../body/parse.ts'
import type { Delivery } from '../delivery.ts'
import type { EventDraft } from '../event.ts'
import type { MaybePromise } from '../maybe.ts'
import type { Reply } from '../receive/reply.ts'
import type { Composed } from './compose.ts'
import type { Clock, Draft, Provider, Result, Verified } from './provider.ts'
import type { Covers, Scheme } from './scheme.ts'
import type { Keyring, SecretOption } from './secrets.ts'

/** Members of a provider that its spec says as they are. */
type Plain = Omit<
  Provider,
  | 'covers'
  | 'verify'
  | 'admit'
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
>

/** What `provider()` takes. `Ready` is what `prepare` makes of the options; the options themselves if it is absent. */
export interface ProviderSpec<
  Options extends object,
  Key = unknown,
  Ready = Options,
> extends Plain {
  /** Name as people write it. @default name */
  readonly title?: string
  /** The sender's own page on its signatures. @default '' */
  readonly docs?: string
  /** Topics that are sent; examples if there are many. @default [] */
  readonly topics?: readonly string[]
  /** Challenges that are answered. @default [] */
  readonly handshakes?: readonly string[]
  /** Every option with a sentence on it: any other name is a `TypeError`. */
  readonly options: Readonly<Record<keyof Options & string, string>>
  /** Checks the options and makes what the functions below get in place of them. Throws a `TypeError`. */
  readonly prepare?: (options: Options) => Ready
  /** How deliveries are signed. `noAuth` if nothing is, `fixedKeys` if the keys are no texts. */
  readonly scheme: (options: Ready) => Scheme<Key>
  /** Name of the option that takes the secret. @default 'secret', if there is such an option */
  readonly secret?: string
  /**
   * The option that counts and its value, if several can take the secret or it has a default. With an option
   * `unauthenticated` the value may be undefined. @default the option of `secret`
   */
  readonly secretOf?: (options: Ready) => readonly [option: string, value: SecretOption | undefined]
  /** What is protected at best: laid over what the scheme says, except if the scheme denies it. @default that of the scheme */
  readonly covers?: Covers
  /** False if only the sender has the signing key. @default true */
  readonly canSign?: boolean
  /** Members of the provider that depend on its options. */
  readonly more?: (options: Ready) => Partial<Plain>
  /** What must hold beside the signature; throws a `WebhookError`. It runs after the signature was found right. */
  readonly check?: (delivery: Delivery, clock: Clock, options: Ready) => MaybePromise<void>
  readonly events: (delivery: Delivery, body: ParsedBody, options: Ready) => readonly EventDraft[]
  readonly format?: (
    delivery: Delivery,
    options: Ready,
  ) => ReturnType<NonNullable<Provider['format']>>
  readonly labelled?: (delivery: Delivery, options: Ready) => boolean
  /** Answers an unsigned challenge. `keys` are those in force, for the few senders that want it signed. */
  readonly greet?: (
    delivery: Delivery,
    options: Ready,
    keys: Keyring<Key>,
  ) => MaybePromise<Reply | undefined>
  readonly handshake?: (
    delivery: Delivery,
    body: ParsedBody,
    verified: Verified,
    options: Ready,
  ) => MaybePromise<Reply | undefined>
  readonly reply?: (result: Result, delivery: Delivery, options: Ready) => Reply | undefined
  /** Puts topic, id and payload where this sender has them, for `sign`. @default JSON of `payload` */
  readonly compose?: (draft: Draft, options: Ready) => Composed
}
