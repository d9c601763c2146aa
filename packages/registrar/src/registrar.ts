/** Registers the URL of one receiver with the sender's API. Each method may throw a `RegistrarError`. */
export interface Registrar {
  /** The provider's name, as in `@postern/providers`. */
  readonly provider: string
  /** The owner of the endpoints at the sender, such as `repository octo/hello`, without any secret. */
  readonly account: string
  /**
   * How the secret is exchanged. `given`: your app gives the secret to the sender. `told`: the sender makes the secret
   * and shows it once. `readable`: the sender shows the secret at any time. `none`: the registrar does not handle
   * secrets.
   */
  readonly secret: 'given' | 'told' | 'readable' | 'none'
  /** Returns the sender's topics for the patterns of a receiver, without any request. */
  map(patterns: readonly string[]): Mapping
  /** Returns every endpoint of the account, including those of other receivers. */
  list(): Promise<readonly Endpoint[]>
  /** Returns the steps that make the sender's endpoints match `want`. Changes nothing. */
  plan(want: Want): Promise<Plan>
  /**
   * Lists the endpoints again and applies the steps of a plan. If a step no longer fits the endpoints, `apply` throws
   * `stale_plan` before any change. Steps that were applied before are skipped, so a second call changes nothing.
   */
  apply(plan: Plan, options?: ApplyOptions): Promise<readonly StepResult[]>
  /** False if the API cannot delete an endpoint. Then `remove` throws. */
  readonly canRemove: boolean
  /**
   * Deletes the endpoints with exactly this URL. With `ids`, only endpoints with one of these ids are deleted. Returns
   * one step per deleted endpoint.
   */
  remove(options: {
    readonly url: string
    readonly ids?: readonly string[]
  }): Promise<readonly StepResult[]>
  /**
   * Restores an account's only endpoint to the state that an earlier `list` returned. Absent at senders with several
   * endpoints per account. If the API does not return every setting of the endpoint, `restore` throws before any
   * change.
   */
  restore?(endpoint: Endpoint, options?: RestoreOptions): Promise<void>
  /**
   * Returns the state of each endpoint: whether the sender delivers to it, and its last failures if the API lists them.
   */
  status(options?: { readonly url?: string }): Promise<readonly EndpointStatus[]>
  /** Turns on an endpoint that the sender or a person has turned off. */
  enable?(id: string): Promise<void>
  /** Turns an endpoint off, so the sender delivers nothing to it. */
  disable?(id: string): Promise<void>
  /** Asks the sender to deliver a test event to the endpoint. */
  ping?(id: string): Promise<void>
  /**
   * Changes the secret of an endpoint and passes the new secret to `onSecret`. Each registrar documents which secrets
   * sign deliveries during the change.
   */
  rotate?(id: string, options: RotateOptions): Promise<void>
  /** Passes the current secret of an endpoint to `onSecret`, at senders that show the secret at any time. */
  reveal?(id: string, options: RotateOptions): Promise<void>
  /** Proves to the sender that you own the endpoint. `proof` is the text that the sender delivered to the endpoint. */
  confirm?(id: string, proof: string): Promise<void>
}

/** The sender's topics for the patterns of a receiver. */
export interface Mapping {
  /** Topics to subscribe to, sorted. */
  readonly topics: readonly string[]
  /** Patterns that become a broader topic, so the sender sends more events than the pattern matches. */
  readonly wider: readonly { readonly pattern: string; readonly becomes: string }[]
  /** Patterns that match no topic of the sender. */
  readonly unknown: readonly string[]
  /** Patterns that a person must set by hand at the sender. */
  readonly manual: readonly { readonly pattern: string; readonly why: string }[]
}

/** One endpoint at the sender. */
export interface Endpoint {
  readonly id: string
  readonly url: string
  readonly topics: readonly string[]
  readonly enabled: boolean
  /** `pending`: the sender waits for a proof. `failed`: the sender has given up this endpoint. */
  readonly state: EndpointState
  /** Settings that a plan compares, such as `content_type` at GitHub. */
  readonly settings?: EndpointSettings
}

/** State of an endpoint at the sender. */
export type EndpointState = 'active' | 'pending' | 'failed'

/** Settings of an endpoint, with the sender's names. */
export type EndpointSettings = Readonly<Record<string, string | number | boolean>>

/** The wanted endpoint. */
export interface Want {
  /** The receiver's public `https` URL, without user name and password. */
  readonly url: string
  /** Topic patterns, such as `receiver.topics`. */
  readonly topics: readonly string[]
  /** Earlier URLs of this receiver, whose endpoints move to `url`. @default [] */
  readonly previousUrls?: readonly string[]
  /** Allows a wildcard that needs many subscriptions, one per topic. @default false */
  readonly all?: boolean
}

/** The planned changes. A plan can be printed and stored as JSON, and has no secret. */
export interface Plan {
  readonly provider: string
  readonly account: string
  /** The argument of `plan`, from which `apply` computes the steps again. */
  readonly want: Want
  readonly map: Mapping
  readonly steps: readonly Step[]
  /** Warnings to read before you apply the plan. */
  readonly warnings: readonly string[]
}

/** One change at the sender. */
export interface Step {
  /** `replace`: the sender cannot change the endpoint, so a new one is created and the old one is deleted. */
  readonly do: 'create' | 'update' | 'replace' | 'delete'
  /** The sender's word for an endpoint: `hook`, `webhook_endpoint`. */
  readonly kind: string
  readonly id?: string
  readonly before?: Shape
  readonly after?: Shape
  readonly why: string
}

/** The members of an endpoint that a plan compares. */
export interface Shape {
  readonly url: string
  readonly topics: readonly string[]
  readonly settings?: EndpointSettings
}

/** Options of `apply`. */
export interface ApplyOptions {
  /** The secret to give to the sender, at senders where your app makes the secret. */
  readonly secret?: string
  /** Called with each new secret. If this function throws, the registrar deletes the new endpoint. */
  readonly onSecret?: OnSecret
}

/** Stores a secret. */
export type OnSecret = (told: NewSecret) => unknown

/** A new or current secret, which the sender or the registrar made. */
export interface NewSecret {
  readonly provider: string
  /** The endpoint's id at the sender. */
  readonly endpoint: string
  readonly url: string
  readonly secret: string
}

/** Options of `rotate` and `reveal`. */
export interface RotateOptions {
  /** Called with the secret. Until `rotate` has resolved, let the receiver accept the old secret too. */
  readonly onSecret: OnSecret
}

/** Options of `restore`. */
export interface RestoreOptions {
  /** The secret of the endpoint, at senders that do not return the secret, but need the secret for a change. */
  readonly secret?: string
  /** If true, only checks whether the endpoint can be restored. @default false */
  readonly dryRun?: boolean
}

/** The result of a step. */
export interface StepResult extends Step {
  /** `pending`: the sender waits for `confirm`. */
  readonly state: 'done' | 'pending' | 'failed'
  /** Reason why the step failed or is pending, without any secret. */
  readonly reason?: string
}

/** The sender's state of one endpoint. */
export interface EndpointStatus extends Endpoint {
  /** True if the sender delivers to this endpoint; undefined if the API does not say. */
  readonly delivering: boolean | undefined
  /** The last failed deliveries, newest first. Empty if the API lists none. */
  readonly failures: readonly FailedDelivery[]
}

/** A delivery that failed. */
export interface FailedDelivery {
  /** Time of the failure in milliseconds since 1970, if the API returns a time. */
  readonly at?: number
  /** HTTP status of the endpoint's answer. */
  readonly status?: number
  readonly reason?: string
}
