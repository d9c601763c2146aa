import type { Endpoint, EndpointState, FailedDelivery, Mapping } from '../registrar.ts'
import type { EndpointSettings, EndpointStatus, Want } from '../registrar.ts'

/** The part of a `Registrar` that differs by sender. */
export interface RegistrarSpec {
  readonly provider: string
  readonly account: string
  /** The sender's word for an endpoint: `hook`, `webhook_endpoint`. */
  readonly kind: string
  /** `topic`: each topic has its own endpoint. `account`: the account has one endpoint. @default one endpoint per receiver */
  readonly one?: 'topic' | 'account'
  /** `fixed`: the API cannot change topics, so a plan does not compare them. */
  readonly topics?: 'fixed'
  /** True if an update without the secret removes the secret at the sender. @default false */
  readonly secretOnUpdate?: boolean
  /** Settings that each endpoint must have. Others are not compared. */
  readonly settings?: EndpointSettings
  /** Who makes the secret: see `Registrar.secret`. @default 'none' */
  readonly secret?: 'given' | 'told' | 'readable' | 'none'
  /** Members that need a replacement, because an update cannot change them: `url`, `topics`, or the name of a setting. */
  readonly fixed?: readonly string[]
  /** True if a replacement must delete first, because the sender allows one endpoint per URL or account. @default false */
  readonly deleteFirst?: boolean
  /** Maximum number of subscriptions in a plan without `all`. */
  readonly most?: number
  map(patterns: readonly string[]): Mapping
  list(): Promise<readonly Endpoint[]>
  create(target: EndpointTarget): Promise<MadeEndpoint>
  update?(endpoint: Endpoint, target: EndpointTarget): Promise<MadeEndpoint | void>
  /** Absent if the API cannot delete. */
  delete?(endpoint: Endpoint): Promise<void>
  /** Throws if the API does not return everything that `restore` of this endpoint needs. */
  readonly checkRestore?: (endpoint: Endpoint) => Promise<void> | void
  /** Called after the app has stored a secret that the sender returned. */
  readonly kept?: (id: string) => Promise<void>
  /** Returns the failed deliveries of an endpoint. */
  readonly failures?: (
    endpoint: Endpoint,
  ) => Promise<readonly FailedDelivery[] | Pick<EndpointStatus, 'delivering' | 'failures'>>
  readonly enable?: (id: string) => Promise<void>
  readonly disable?: (id: string) => Promise<void>
  readonly ping?: (id: string) => Promise<void>
  /** True for an endpoint with the wanted URL that another registrar manages, so a plan must not change it. */
  readonly leaves?: (endpoint: Endpoint, want: Want) => boolean
  readonly rotate?: (id: string, hand: HandSecret) => Promise<void>
  readonly reveal?: (id: string, hand: HandSecret) => Promise<void>
  readonly confirm?: (id: string, proof: string) => Promise<void>
  /** Further warnings of a plan. */
  readonly warn?: (want: Want) => readonly string[]
}

/** Gives a secret to the app. `endpoint` is the id of a replacement, if there is one. */
type HandSecret = (url: unknown, secret: unknown, endpoint?: string) => Promise<void>

/** The endpoint that a step makes. */
export interface EndpointTarget {
  readonly url: string
  readonly topics: readonly string[]
  readonly settings: EndpointSettings
  readonly previousUrls: readonly string[]
  readonly secret?: string
}

export interface MadeEndpoint {
  readonly id: string
  readonly secret?: string
  /** @default 'active' */
  readonly state?: EndpointState
  /** Reason why an endpoint is pending. */
  readonly reason?: string
}
