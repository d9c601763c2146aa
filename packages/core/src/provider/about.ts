import type { EventMap } from '../event.ts'
import type { Delivers, SenderChallenge, SignaturePlace } from './facts.ts'
import type { Codings, Provider } from './provider.ts'
import type { Covers } from './scheme.ts'
import type { Format } from '../delivery.ts'

/** Facts on a provider for documentation, command lines and tests. */
export interface About {
  /** The `name` of the providers that the factory makes. */
  readonly name: string
  /** Name for people. */
  readonly title: string
  /** The sender's page on its signatures; empty if there is none. */
  readonly docs: string
  /** How to register a URL at the sender and find its secret. Undefined if it is not documented. */
  readonly setup?: Setup
  /** Creates a provider: `create({ [secretOption]: secret, ...options })`. The factory itself has the types of each option. */
  create(options: object): Provider
  /** Name of the option for the secret; undefined if there is none. */
  readonly secretOption?: string
  /** The signed content, the algorithm and the encoding in words; `unknown` if the provider does not say. */
  readonly scheme: string
  /** Place of the signature or token. Undefined if nothing proves the sender, or the provider does not say. */
  readonly place?: SignaturePlace | undefined
  /** Maximum difference of a signed time from now, in seconds; `none` if no time is signed. An option can change it. */
  readonly tolerance: number | 'none' | 'unknown'
  /** Options of an example; it can sign if `canSign` is true. Its secrets are public. */
  readonly example: object
  /** Day of the last comparison with the sender's page and libraries, as 2026-01-31. */
  readonly checked: string
  /** Forms of keys and signatures that a verification depends on: key forms, prefixes, several signatures, letter case. */
  readonly forms: readonly string[]
  /** How the sender delivers; `unknown` for facts that its page does not state. */
  readonly delivers: Delivers
  /** Every option with its description. */
  readonly options: Readonly<Record<string, string>>
  /** Topics of the sender; only examples if there are many. */
  readonly topics: readonly string[]
  /** Challenges that the receiver answers. */
  readonly handshakes: readonly string[]
  /** How the sender checks the ownership of the URL; undefined if it does not, or if it is unknown. */
  readonly challenge?: SenderChallenge
  readonly methods: readonly string[]
  readonly formats: readonly Format[]
  readonly codings: Codings
  readonly charsets: readonly string[]
  /** The parts that the signature protects at most; an option can reduce them. Undefined if only the scheme decides. */
  readonly covers?: Covers
  /** False if the sender never intentionally signs the same bytes twice. */
  readonly repeats: boolean
  /** How long the sender redelivers one event, in milliseconds; undefined if unknown. */
  readonly retrySpan?: number
  /** True if `sign` can create deliveries. */
  readonly canSign: boolean
}

/** Creates providers of one sender, and describes them. */
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
  /** Menus, pages and buttons in the order of clicks, up to the form for the URL. A name in `<…>` is the reader's own. */
  readonly steps?: readonly string[]
  /** Address where `steps` start or end, if it is the same for everybody. */
  readonly url?: string
  /** Place of the URL if no menu is named: a file, a field of a request, another protocol. */
  readonly place?: string
  /** The call of the sender's API that registers a URL. Without `steps` and `place` it is the only way. */
  readonly call?: string
  /** Origin of the secret or its replacement. Undefined if the provider needs none. */
  readonly secret?: string
  /** The sender's page with this information. */
  readonly docs: string
}
