/** Registers one receiver's URL at a sender, by the sender's own API. Each method may throw a `RegistrarError`. */
export interface Registrar {
  /** The provider's name, as in `@postern/providers`. */
  readonly provider: string
  /** Where the endpoints live at the sender: `repository octo/hello`. It never holds a secret. */
  readonly account: string
  /**
   * Who makes the secret: it is `given` to the sender, `told` by the sender once, `readable` there at any time, or the
   * registrar has nothing to do with it (`none`).
   */
  readonly secret: 'given' | 'told' | 'readable' | 'none'
  /** Topics of the sender that the patterns of a receiver need. It sends nothing. */
  map(patterns: readonly string[]): Mapping
  /** Every endpoint of the account, those of other people too. */
  list(): Promise<readonly Endpoint[]>
  /** The steps that make the sender match `want`. It changes nothing. */
  plan(want: Want): Promise<Plan>
  /**
   * Lists again, and then takes the steps of a plan. A step that no longer fits the sender's endpoints is rejected as
   * `stale_plan`, before anything is sent. A step that was already taken is left out, so that a second call sends no change.
   */
  apply(plan: Plan, options?: ApplyOptions): Promise<readonly StepResult[]>
  /** False if the API cannot delete an endpoint, so that `remove` throws. */
  readonly canRemove: boolean
  /**
   * Deletes the endpoints that have exactly this URL; with `ids`, only those of them. Resolves with an empty list when there are
   * none.
   */
  remove(options: {
    readonly url: string
    readonly ids?: readonly string[]
  }): Promise<readonly StepResult[]>
  /**
   * Puts the one endpoint of an account back as `list` had it. It is absent at senders where an account has several. Throws before
   * anything is changed if the API does not tell all of what it had.
   */
  restore?(endpoint: Endpoint, options?: RestoreOptions): Promise<void>
  /** The sender's state of each endpoint: whether it delivers, and its last failures if its API has them. */
  status(options?: { readonly url?: string }): Promise<readonly EndpointStatus[]>
  /** Turns an endpoint on again that the sender or a person turned off. */
  enable?(id: string): Promise<void>
  /** Turns an endpoint off: the sender delivers nothing there until it is on again. */
  disable?(id: string): Promise<void>
  /** Asks the sender to deliver a test event to the endpoint. */
  ping?(id: string): Promise<void>
  /** Changes the secret of an endpoint. `onSecret` gets the new one; each provider says what delivers meanwhile. */
  rotate?(id: string, options: RotateOptions): Promise<void>
  /** Hands out the secret that an endpoint has, at senders that show it at any time. */
  reveal?(id: string, options: RotateOptions): Promise<void>
  /** Proves to the sender that the endpoint is ours, with what the sender sent there. */
  confirm?(id: string, proof: string): Promise<void>
}

/** What a receiver's patterns become at the sender. */
export interface Mapping {
  /** What to subscribe to, sorted. */
  readonly topics: readonly string[]
  /** Patterns for which the sender can only send more than they ask for. */
  readonly wider: readonly { readonly pattern: string; readonly becomes: string }[]
  /** Patterns that match no topic the sender has. */
  readonly unknown: readonly string[]
  /** Patterns that a person must set by hand at the sender. */
  readonly manual: readonly { readonly pattern: string; readonly why: string }[]
}

/** One endpoint as the sender has it. */
export interface Endpoint {
  readonly id: string
  readonly url: string
  readonly topics: readonly string[]
  readonly enabled: boolean
  /** `pending`: the sender waits for a proof. `failed`: the sender gave it up. */
  readonly state: EndpointState
  /** Settings that a plan compares, such as `content_type` at GitHub. */
  readonly settings?: EndpointSettings
}

/** State of an endpoint at the sender. */
export type EndpointState = 'active' | 'pending' | 'failed'

/** Settings of an endpoint, under the sender's own names. */
export type EndpointSettings = Readonly<Record<string, string | number | boolean>>

/** What the sender must have. */
export interface Want {
  /** The receiver's public URL; `https`, and without user name and password. */
  readonly url: string
  /** Topic patterns, such as `receiver.topics`. */
  readonly topics: readonly string[]
  /** URLs that this receiver had before: their endpoints are moved to `url`. @default [] */
  readonly previousUrls?: readonly string[]
  /** Allows a wildcard that the sender would take one subscription for each of many topics for. @default false */
  readonly all?: boolean
}

/** The planned changes. A plan can be printed and stored as JSON, and it holds no secret. */
export interface Plan {
  readonly provider: string
  readonly account: string
  /** What was asked for; `apply` makes the steps again from it. */
  readonly want: Want
  readonly map: Mapping
  readonly steps: readonly Step[]
  /** What a person should know before applying. */
  readonly warnings: readonly string[]
}

/** One change at the sender. */
export interface Step {
  /** `replace` makes a new endpoint and then deletes the old one, if the sender cannot change it. */
  readonly do: 'create' | 'update' | 'replace' | 'delete'
  /** What the sender calls it: `hook`, `webhook_endpoint`. */
  readonly kind: string
  readonly id?: string
  readonly before?: Shape
  readonly after?: Shape
  readonly why: string
}

/** What a step compares. */
export interface Shape {
  readonly url: string
  readonly topics: readonly string[]
  readonly settings?: EndpointSettings
}

/** Options of `apply`. */
export interface ApplyOptions {
  /** The secret to give the sender, if the sender takes one. */
  readonly secret?: string
  /** Gets each secret that the sender hands out. When it throws, the endpoint that was made is deleted again. */
  readonly onSecret?: OnSecret
}

/** Takes a secret into safe keeping. */
export type OnSecret = (told: NewSecret) => unknown

/** A secret that a sender handed out, or that was made for it. */
export interface NewSecret {
  readonly provider: string
  /** The endpoint's id at the sender. */
  readonly endpoint: string
  readonly url: string
  readonly secret: string
}

/** Options of `rotate` and `reveal`. */
export interface RotateOptions {
  /** Gets the secret. While it is rotated, keep the old one next to it until `rotate` has resolved. */
  readonly onSecret: OnSecret
}

/** Options of `restore`. */
export interface RestoreOptions {
  /** The secret that the endpoint had, where the sender takes one and does not tell it. */
  readonly secret?: string
  /** Only checks whether it can be put back. @default false */
  readonly dryRun?: boolean
}

/** What became of a step. */
export interface StepResult extends Step {
  /** `pending`: the sender waits for `confirm`. */
  readonly state: 'done' | 'pending' | 'failed'
  /** Why it failed, or what it waits for. It never holds a secret. */
  readonly reason?: string
}

/** What a sender says of one endpoint. */
export interface EndpointStatus extends Endpoint {
  /** Whether the sender still delivers there; undefined if its API does not say. */
  readonly delivering: boolean | undefined
  /** The last failures the API tells, newest first. */
  readonly failures: readonly FailedDelivery[]
}

/** A delivery that failed. */
export interface FailedDelivery {
  /** Milliseconds since 1970, if the API has it. */
  readonly at?: number
  /** The status the endpoint answered with. */
  readonly status?: number
  readonly reason?: string
}
