import type { Endpoint, EndpointState, FailedDelivery, Mapping } from '../registrar.ts'
import type { RotateOptions, EndpointSettings, Want } from '../registrar.ts'

/** The parts that one sender's file gives; the rest of a `Registrar` is made from them. */
export interface RegistrarSpec {
  readonly provider: string
  readonly account: string
  /** What the sender calls an endpoint: `hook`, `webhook_endpoint`. */
  readonly kind: string
  /** `topic`: an endpoint has one topic, so that a receiver has one for each. `account`: there is one for everything. */
  readonly one?: 'topic' | 'account'
  /** `fixed`: the API has none to choose, so that topics are neither compared nor changed. */
  readonly topics?: 'fixed'
  /** An update without the secret would remove it at the sender. @default false */
  readonly secretOnUpdate?: boolean
  /** Settings that each endpoint must have. What the sender says next to them is left alone. */
  readonly settings?: EndpointSettings
  /** Who makes the secret: `given` to the sender, `told` by it only at creation, or neither. @default 'none' */
  readonly secret?: 'given' | 'told' | 'readable' | 'none'
  /** Members that an update cannot change, so that the endpoint is replaced: `url`, `topics`, or the name of a setting. */
  readonly fixed?: readonly string[]
  /** Deletes before it creates, for senders that take one endpoint for a URL or an account. @default false */
  readonly deleteFirst?: boolean
  /** Most subscriptions a plan makes without `all`. */
  readonly most?: number
  map(patterns: readonly string[]): Mapping
  list(): Promise<readonly Endpoint[]>
  create(target: EndpointTarget): Promise<MadeEndpoint>
  update?(endpoint: Endpoint, target: EndpointTarget): Promise<MadeEndpoint | void>
  /** Absent if the sender's API cannot. */
  delete?(endpoint: Endpoint): Promise<void>
  /** Throws if the API does not tell all that this endpoint needs to be put back. Of an account with one endpoint. */
  readonly checkRestore?: (endpoint: Endpoint) => Promise<void> | void
  /** Called after a told secret is in safe keeping. */
  readonly kept?: (id: string) => Promise<void>
  /** What the sender's API says of an endpoint, besides the fields of the list. */
  readonly failures?: (endpoint: Endpoint) => Promise<{
    readonly delivering?: boolean
    readonly failures: readonly FailedDelivery[]
  }>
  readonly enable?: (id: string) => Promise<void>
  readonly disable?: (id: string) => Promise<void>
  readonly ping?: (id: string) => Promise<void>
  /** True for an endpoint with the wanted URL that a plan leaves alone, since it sends what another registrar sets. */
  readonly leaves?: (endpoint: Endpoint, want: Want) => boolean
  readonly rotate?: (id: string, options: RotateOptions) => Promise<void>
  readonly reveal?: (id: string, options: RotateOptions) => Promise<void>
  readonly confirm?: (id: string, proof: string) => Promise<void>
  /** Further warnings of a plan. */
  readonly warn?: (want: Want) => readonly string[]
}

/** What an endpoint must become. */
export interface EndpointTarget {
  readonly url: string
  readonly topics: readonly string[]
  readonly settings: EndpointSettings
  readonly previousUrls: readonly string[]
  readonly secret?: string
}

/** What the sender made. */
export interface MadeEndpoint {
  readonly id: string
  readonly secret?: string
  /** @default 'active' */
  readonly state?: EndpointState
  /** What a pending one waits for. */
  readonly reason?: string
}
