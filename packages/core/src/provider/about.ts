import type { EventMap } from '../event.ts'
import type { Delivers, SenderChallenge, SignaturePlace } from './facts.ts'
import type { Codings, Provider } from './provider.ts'
import type { Covers } from './scheme.ts'
import type { Format } from '../delivery.ts'

/** Facts on a provider for documentation, command lines and tests. */
export interface About {
  /** The `name` of the providers that the factory makes. */
  readonly name: string
  /** Name as people write it. */
  readonly title: string
  /** The sender's own page on its signatures; empty if there is none. */
  readonly docs: string
  /** How to register a URL at the sender, and where its secret is found. Absent if nobody wrote it down. */
  readonly setup?: Setup
  /** The factory: `create({ [secretOption]: secret, ...options })`. The factory itself has the types of each option. */
  create(options: object): Provider
  /** Name of the option that takes the secret. Absent if there is none. */
  readonly secretOption?: string
  /** What is signed, by which algorithm, written how; `unknown` if the provider does not say. */
  readonly scheme: string
  /** Where the signature lies, or the token in its place. Absent if nothing proves the sender, or the provider does not say. */
  readonly place?: SignaturePlace | undefined
  /** Seconds that a signed time may be away from now, unless an option says so; `none` if nothing is dated. */
  readonly tolerance: number | 'none' | 'unknown'
  /** Options that make a provider; one that signs, if `canSign`. Its secrets are examples that everybody can read. */
  readonly example: object
  /** The day on which the sender's page and libraries were last compared, as 2026-01-31; `unknown` if nobody says. */
  readonly checked: string
  /** What a verdict depends on next to algorithm and message: key forms, prefixes, several signatures, letter case. */
  readonly forms: readonly string[]
  /** How the sender delivers: what its page does not state is `unknown`. */
  readonly delivers: Delivers
  /** Every option with a sentence on it. */
  readonly options: Readonly<Record<string, string>>
  /** Topics that the sender sends; examples if there are many. */
  readonly topics: readonly string[]
  /** Challenges that the receiver answers by itself. */
  readonly handshakes: readonly string[]
  /** How the sender asks whether the URL is the app's; absent if it does not, or if nobody says. */
  readonly challenge?: SenderChallenge
  readonly methods: readonly string[]
  readonly formats: readonly Format[]
  readonly codings: Codings
  readonly charsets: readonly string[]
  /** The most that the signature protects; an option can reduce it. Absent if the scheme alone decides. */
  readonly covers?: Covers
  /** False if the sender never signs the same bytes twice on purpose. */
  readonly repeats: boolean
  /** How long the sender delivers one event again, in milliseconds; absent if the sender does not say. */
  readonly retrySpan?: number
  /** True if `sign` can make deliveries. */
  readonly canSign: boolean
}

/** Makes providers of one sender, and tells about them. */
export interface Factory<Options extends object, Sent extends EventMap = EventMap> {
  <Events extends EventMap = Sent>(options: Options): Provider<Events>
  readonly about: About
}

/**
 * How a person registers a receiver's URL at a sender, and where the secret comes from, in the names of the sender's own
 * documentation. At least one of `steps`, `place` and `call` is there.
 *
 * @example
 * const setup: Setup = {
 *   steps: ['<repository>', 'Settings', 'Webhooks', 'Add webhook'],
 *   secret: 'the text that you type as Secret',
 *   docs: 'https://docs.github.com/en/webhooks/using-webhooks/creating-webhooks',
 * }
 */
export interface Setup {
  /** Menus, pages and buttons in the order of clicks, up to the form that takes the URL. A name in `<…>` is the reader's own. */
  readonly steps?: readonly string[]
  /** Address where `steps` start or end, if it is the same for everybody. */
  readonly url?: string
  /** Where the URL goes, in words, if no menu is named: a file, a field of a request, another protocol. */
  readonly place?: string
  /** The call of the sender's API that registers a URL. Alone if the sender has no page for it, or names no menu. */
  readonly call?: string
  /** Where the secret, or what stands for it, comes from. Absent if the provider takes none. */
  readonly secret?: string
  /** The page of the sender that says so. */
  readonly docs: string
}
