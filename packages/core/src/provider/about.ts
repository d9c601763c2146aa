import type { EventMap } from '../event.ts'
import type { Delivers, SenderChallenge, SignaturePlace } from './facts.ts'
import type { Codings, Provider } from './provider.ts'
import type { Covers } from './scheme.ts'
import type { Format } from '../delivery.ts'

/** Facts about a provider, for documentation, the CLI and tests. */
export interface About {
  /** The `name` of the providers that the factory makes. */
  readonly name: string
  /** Name of the sender as people write it, such as `GitHub`. */
  readonly title: string
  /** URL of the sender's page about its signatures; empty if the sender has no such page. */
  readonly docs: string
  /** How to register a URL at the sender and find the secret. Undefined if the sender does not document it. */
  readonly setup?: Setup
  /**
   * Creates a provider: `create({ [secretOption]: secret, ...options })`. Call the factory itself if you need typed
   * options.
   */
  create(options: object): Provider
  /** Name of the option for the secret; undefined if the provider needs no secret. */
  readonly secretOption?: string
  /** The signed content, the algorithm and the encoding in words; `unknown` if the provider does not state them. */
  readonly scheme: string
  /**
   * Place of the signature or token. Undefined if nothing proves the sender, or the provider does not state the place.
   */
  readonly place?: SignaturePlace | undefined
  /**
   * Maximum difference of a signed time from now, in seconds, unless an option changes this maximum; `none` if no time
   * is signed.
   */
  readonly tolerance: number | 'none' | 'unknown'
  /** Options of an example provider, which can sign if `canSign` is true. The secrets in it are public. */
  readonly example: object
  /** Day of the last comparison with the sender's page and libraries, as 2026-01-31. */
  readonly checked: string
  /**
   * What a verification depends on besides the algorithm and the message: `key in hex`, `prefix sha256=`, `several
   * signatures`, `lower case`. PROVIDERS.md says which of these a test vector of the sender shows.
   */
  readonly forms: readonly string[]
  /** How the sender delivers; `unknown` for facts that the sender's page does not state. */
  readonly delivers: Delivers
  /** Every option with its description. */
  readonly options: Readonly<Record<string, string>>
  /** Topics of the sender; only examples if there are many. */
  readonly topics: readonly string[]
  /** Challenges that the receiver answers. */
  readonly handshakes: readonly string[]
  /** How the sender checks the ownership of the URL; undefined if the sender has no check or its check is unknown. */
  readonly challenge?: SenderChallenge
  readonly methods: readonly string[]
  readonly formats: readonly Format[]
  readonly codings: Codings
  readonly charsets: readonly string[]
  /**
   * All parts of a delivery that the signature can protect. An option can reduce the parts. Undefined if the options
   * decide which parts are protected.
   */
  readonly covers?: Covers
  /** True if the sender may sign the same bytes more than once. */
  readonly repeats: boolean
  /** How long the sender redelivers one event, in milliseconds; undefined if unknown. */
  readonly retrySpan?: number
  /** True if `sign` can create deliveries. */
  readonly canSign: boolean
}

/** Creates providers for one sender. `about` describes the sender. */
export interface Factory<Options extends object, Sent extends EventMap = EventMap> {
  <Events extends EventMap = Sent>(options: Options): Provider<Events>
  readonly about: About
}

/**
 * How a person registers a receiver's URL at a sender and finds the secret, in the sender's own words. At least one of
 * `steps`, `place` and `call` is set.
 *
 * @example
 * const setup: Setup = {
 *   steps: ['<repository>', 'Settings', 'Webhooks', 'Add webhook'],
 *   secret: 'the text that you type as Secret',
 *   docs: 'https://docs.github.com/en/webhooks/using-webhooks/creating-webhooks',
 * }
 */
export interface Setup {
  /**
   * Menus, pages and buttons in the order of clicks, up to the form for the URL. `<…>` stands for a name that the
   * reader chose.
   */
  readonly steps?: readonly string[]
  /** URL of the page where `steps` start or end, if this URL is the same for everybody. */
  readonly url?: string
  /** Where the URL is entered if there are no `steps`: a file, a field of a request, another protocol. */
  readonly place?: string
  /** The call of the sender's API that registers a URL. Without `steps` and `place`, this call is the only way. */
  readonly call?: string
  /** Where the secret comes from, or what replaces it. Undefined if the provider needs no secret. */
  readonly secret?: string
  /** The sender's page with this information. */
  readonly docs: string
}
