import type { Provider } from '@postern/core/scheme'

/** What the catalogue knows of a provider: documentation, the CLI and the tests read it. */
export interface CatalogueEntry {
  /** Key in the catalogue, and the `name` of the providers it makes. */
  readonly name: string
  /** Name as people write it. */
  readonly title: string
  /** The provider's own page on its signatures. */
  readonly docs: string
  /** The factory: `create({ [secretOption]: secret, ...options })`. Its function has the types of each option. */
  create(options: object): Provider
  /** Name of the option that takes the secret. Absent where the sender cannot authenticate itself. */
  readonly secretOption?: string
  /** Every option with a sentence on it. */
  readonly options: Readonly<Record<string, string>>
  /** Topics it sends; examples where it has many. */
  readonly topics: readonly string[]
  /** Challenges the receiver answers by itself. */
  readonly handshakes: readonly string[]
  readonly contentTypes: readonly string[]
  /** Over how long it delivers one event again, in milliseconds; undefined where it does not say. */
  readonly retrySpan?: number
  /** True where `sign` can make deliveries. */
  readonly canSign: boolean
}

/** Milliseconds, for retry spans. */
export const HOUR = 3_600_000
/** Milliseconds, for retry spans. */
export const DAY: number = 24 * HOUR
/** Bytes, for limits. */
export const KIB = 1024
/** Bytes, for limits. */
export const MIB: number = 1024 * KIB
/** Content type most senders use. */
export const JSON_TYPE = 'application/json'
/** Content type of HTML forms. */
export const FORM_TYPE = 'application/x-www-form-urlencoded'
