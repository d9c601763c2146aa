import type {
  Endpoint,
  EndpointState,
  EndpointSettings,
  EndpointStatus,
  FailedDelivery,
  Registrar,
  Want,
} from '../registrar.ts'
import type { TopicNames } from './map.ts'

/** The part of a `Registrar` that differs by sender. */
export interface RegistrarSpec
  extends
    Pick<Registrar, 'provider' | 'account' | 'enable' | 'disable' | 'ping' | 'confirm'>,
    Partial<Pick<Registrar, 'secret'>> {
  /** The sender's word for an endpoint: `hook`, `webhook_endpoint`. */
  readonly kind: string
  /** `topic`: one endpoint per topic. `account`: one endpoint per account. @default one endpoint per receiver */
  readonly one?: 'topic' | 'account'
  /** `fixed`: the API cannot change the topics, so a plan does not compare topics. */
  readonly topics?: 'fixed'
  /**
   * True if an update without the secret would remove the secret.
   * @default false
   */
  readonly secretOnUpdate?: boolean
  /** Settings that each endpoint must have. A plan compares no other settings. */
  readonly settings?: EndpointSettings
  /**
   * Members that an update cannot change: `url`, `topics` or a setting. If one differs, a plan replaces the endpoint.
   */
  readonly fixed?: readonly string[]
  /** Maximum number of subscriptions in a plan, unless the user sets `all: true`. */
  readonly most?: number
  readonly names: TopicNames
  list(): Promise<readonly Endpoint[]>
  create(target: EndpointTarget): Promise<MadeEndpoint>
  update?(endpoint: Endpoint, target: EndpointTarget): Promise<MadeEndpoint | void>
  /** Absent if the API cannot delete endpoints. */
  delete?(endpoint: Endpoint): Promise<void>
  /** Throws if the API does not return all settings of this endpoint. In that case, `restore` would lose settings. */
  readonly checkRestore?: (endpoint: Endpoint) => Promise<void> | void
  /** Called with the endpoint's id after the app has stored the endpoint's new secret. */
  readonly kept?: (id: string) => Promise<void>
  readonly failures?: (
    endpoint: Endpoint,
  ) => Promise<readonly FailedDelivery[] | Pick<EndpointStatus, 'delivering' | 'failures'>>
  /** Returns true if another registrar manages this endpoint, so that a plan leaves it unchanged. */
  readonly leaves?: (endpoint: Endpoint, want: Want) => boolean
  readonly rotate?: (id: string, hand: HandSecret) => Promise<void>
  readonly reveal?: (id: string, hand: HandSecret) => Promise<void>
  readonly warn?: (want: Want) => readonly string[]
}

/** `endpoint` is the id of the new endpoint, if a new endpoint replaces the old endpoint. */
type HandSecret = (url: unknown, secret: unknown, endpoint?: string) => Promise<void>

/** Wanted state of an endpoint after a step. */
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
  /** Reason why the endpoint is pending. */
  readonly reason?: string
}
