import { MAX_TIMER, milliseconds, type Duration } from '../basics/deadline.ts'
import {
  type EventDraft,
  type WebhookEvent,
  toEvent,
  type EventRecord,
  type StoredDelivery,
  tenantKey,
} from '../event.ts'
import type { Lane, TaskDraft } from '../inbox/inbox.ts'
import { retryPolicy, type RetryOption, type RetryPolicy } from './retry.ts'
import { kindOf, unknownOptions } from '../basics/unknown-options.ts'
import type { AnyCommit, Task } from './task.ts'
import { checkPattern, createTopicTable } from './topics.ts'
import type { Writable } from '../basics/maybe.ts'

/**
 * Handles one event. The task is done when the handler returns or resolves. When it throws or rejects, the task is
 * retried as the retry policy says.
 */
export type Handler<
  Event extends WebhookEvent = WebhookEvent,
  Commit extends AnyCommit = AnyCommit,
> = (event: Event, task: Task<Commit>) => unknown

/** A handler that brings default options for its subscription. Options that are given to `on` take precedence. */
export interface PreparedHandler extends Handler {
  readonly defaults: Pick<SubscriptionOptions, 'retry' | 'timeout' | 'concurrency'>
}

/** Options of one subscription. */
export interface SubscriptionOptions<Event extends WebhookEvent = WebhookEvent> {
  /**
   * Name of the subscription. Stored tasks find their handler by this name, so keep it stable over restarts. @default
   * the topic pattern, with a number if the pattern repeats
   */
  readonly name?: string
  /** Earlier names of the subscription. Tasks that were stored under these names belong to this subscription too. */
  readonly previousNames?: readonly string[]
  /** When and how often a failed task is retried. @default exponential({ attempts: 8 }) */
  readonly retry?: RetryOption
  /**
   * Maximum time of an attempt. After that time the attempt fails, and `task.signal` aborts. A number is in
   * milliseconds. @default '5m'
   */
  readonly timeout?: Duration
  /** Maximum number of attempts at the same time, per process. @default 10 */
  readonly concurrency?: number
  /** Limits for the runs of one tenant, per process. @default no limits */
  readonly tenantLimit?: TenantLimitOptions
  /**
   * Checks and types the payload (zod, valibot, arktype …). If the payload does not match, the task is dead, and its
   * error has the issues.
   */
  readonly schema?: StandardSchema
  /**
   * Returns the ordering key. Events with the same tenant and key run one after another, in order of arrival. Not every
   * inbox supports this option.
   */
  readonly orderingKey?: (event: Event) => string
  /**
   * Combines waiting events with the same tenant and key to one run, with the newest event. Not every inbox supports
   * this option. The option cannot be used together with `orderingKey`.
   */
  readonly debounce?: DebounceOptions<Event>
}

/**
 * Limits for one tenant in one subscription and process. A task beyond a limit returns to the inbox, and its attempt
 * does not count. The task runs later, at the pace of its tenant. Until then, the task does not count toward the
 * subscription's `concurrency`.
 *
 * @example
 * receiver.on('orders/*', { tenantLimit: { rate: 5, concurrency: 2 } }, callShopApi)
 */
export interface TenantLimitOptions {
  /**
   * Maximum number of runs of one tenant that start per second; 0.2 is one in five seconds. After a delay, more runs
   * may start at once to catch up: the runs of a tenth of a second, plus one.
   * @default no limit
   */
  readonly rate?: number
  /** Maximum number of runs of one tenant at the same time. @default only the subscription's limit */
  readonly concurrency?: number
}

interface DebounceOptions<Event extends WebhookEvent = WebhookEvent> {
  /** Returns an id for what the event is about, such as the id of a pull request. */
  readonly key: (event: Event) => string
  /**
   * Time to wait for further events of the key. The run starts once no event has arrived for that time. @default 0: the
   * run starts when the previous run has ended
   */
  readonly wait?: Duration
  /** Maximum time from the first event of the key to the start of the run. @default ten times `wait` */
  readonly maxWait?: Duration
  /**
   * Returns a number, string or date that grows with each version, such as `updated_at`. An event with a lower value
   * than an earlier event of the key does not run. If two values are equal, or a value is undefined, the event that
   * arrived last is the newest.
   * @default the order of arrival
   */
  readonly newest?: (event: Event) => number | string | Date | undefined
}

export const SUBSCRIPTION_OPTIONS: readonly (keyof SubscriptionOptions)[] = [
  'name',
  'previousNames',
  'retry',
  'timeout',
  'concurrency',
  'tenantLimit',
  'schema',
  'orderingKey',
  'debounce',
]

export interface Subscription extends Lane {
  readonly patterns: readonly string[]
  readonly handler: Handler
  readonly retry: RetryPolicy
  readonly schema: StandardSchema | undefined
  readonly orderingKey: ((event: WebhookEvent) => string) | undefined
  readonly debounce: Debounce | undefined
  readonly tenantLimit: TenantLimitOptions | undefined
}

interface Debounce {
  readonly key: (event: WebhookEvent) => string
  readonly draft: (event: WebhookEvent) => NonNullable<TaskDraft['debounce']>
}

export interface Subscriptions {
  add(patterns: readonly string[], options: SubscriptionOptions, handler: Handler): Subscription
  addAny(options: SubscriptionOptions, handler: Handler): Subscription
  match(event: EventDraft): readonly Subscription[]
  /** Finds a subscription by its current or an earlier name. */
  find(name: string): Subscription | undefined
  readonly all: readonly Subscription[]
}

/** Reserved subscription name for events without a subscription, with `onUnhandled: 'store'`. */
export const UNHANDLED = 'unhandled'

/** Makes the list of subscriptions. With durable tasks, default names must not depend on the order of calls. */
export function createSubscriptions(durable: boolean): Subscriptions {
  const table = createTopicTable<Subscription>()
  const any: Subscription[] = []
  const byName = new Map<string, Subscription>()
  const all: Subscription[] = []

  return { add, addAny, match, find: (name) => byName.get(name), all }

  function add(
    patterns: readonly string[],
    options: SubscriptionOptions,
    handler: Handler,
  ): Subscription {
    if (!Array.isArray(patterns) || patterns.length === 0)
      throw new TypeError("on: topics must be at least one topic pattern, such as 'issues.*'")
    for (const pattern of patterns) checkPattern(pattern)
    const made = register(patterns, options, handler)
    table.add(patterns, made)
    return made
  }

  function addAny(options: SubscriptionOptions, handler: Handler): Subscription {
    const made = register(['**'], { ...options, name: options.name ?? freeName('any') }, handler)
    any.push(made)
    return made
  }

  function match(event: EventDraft): readonly Subscription[] {
    const found = table.match(event.topic, event.aliases)
    if (any.length === 0) return found
    return found.length === 0 ? any : [...found, ...any]
  }

  function register(
    patterns: readonly string[],
    given: SubscriptionOptions,
    handler: Handler & Partial<PreparedHandler>,
  ): Subscription {
    if (typeof handler !== 'function')
      throw new TypeError(`on: handler must be a function, got ${typeof handler}`)
    unknownOptions(`on(${patterns.join(', ')})`, given, SUBSCRIPTION_OPTIONS)
    const options = { ...handler.defaults, ...given }
    const name = options.name ?? freeName(patterns.join(','))
    const previousNames = options.previousNames ?? []
    if (!Array.isArray(previousNames))
      throw new TypeError(
        `previousNames of ${name} must be a list of names, such as ['${String(previousNames)}']`,
      )
    for (const taken of [name, ...previousNames]) {
      const option = Object.is(taken, name) ? 'name' : 'previousNames'
      if (typeof taken !== 'string' || taken.trim() === '')
        throw new TypeError(
          `${option} of a subscription must be a string that is not empty, got ${JSON.stringify(taken)}`,
        )
      if (taken === UNHANDLED)
        throw new TypeError(
          `${option}: ${UNHANDLED} is reserved for events without a handler; choose another name. Stored events go to the handlers that match their topic`,
        )
      if (byName.has(taken))
        throw new TypeError(
          `two subscriptions are named ${taken}: give each a name of its own, since stored tasks find their handler by it`,
        )
    }
    const retry = retryPolicy(options.retry)
    const concurrency = options.concurrency ?? 10
    if (!(typeof concurrency === 'number' && concurrency >= 1))
      throw new TypeError(
        `concurrency of ${name} must be a number from 1 and up, got ${String(concurrency)}`,
      )
    checkTenantLimit(options.tenantLimit, name)
    if (options.orderingKey !== undefined && typeof options.orderingKey !== 'function')
      throw new TypeError(
        `on: orderingKey must be a function of the event, got ${typeof options.orderingKey}`,
      )
    if (options.schema !== undefined && typeof validatorOf(options.schema) !== 'function')
      throw new TypeError(
        `schema of ${name} must be a Standard Schema, as of zod, valibot or arktype, got ${kindOf(options.schema)}`,
      )
    const made: Subscription = {
      name,
      previousNames,
      patterns,
      handler,
      concurrency,
      ordered: options.orderingKey !== undefined || options.debounce !== undefined,
      retry,
      attempts: retry.attempts,
      timeout: Math.min(milliseconds(options.timeout ?? '5m', `timeout of ${name}`), MAX_TIMER),
      schema: options.schema,
      orderingKey: options.orderingKey,
      debounce: debounceOf(options, name),
      tenantLimit: options.tenantLimit,
    }
    for (const known of [name, ...previousNames]) byName.set(known, made)
    all.push(made)
    return made
  }

  function freeName(wanted: string): string {
    let name = wanted
    for (let number = 2; byName.has(name); number++) name = `${wanted}#${number}`
    // A number in a name depends on the order of calls of `on`. If two calls were swapped, stored tasks would run with
    // the other handler.
    if (durable && name !== wanted)
      throw new TypeError(
        `two subscriptions without a name on ${wanted}: give each a name, such as on('${wanted}', { name: 'mail' }, handler), since stored tasks find their handler by it`,
      )
    return name
  }
}

function checkTenantLimit(option: TenantLimitOptions | undefined, name: string): void {
  if (option === undefined) return
  unknownOptions(`tenantLimit of ${name}`, option, ['rate', 'concurrency'])
  const { rate, concurrency } = option
  if (rate === undefined && concurrency === undefined)
    throw new TypeError(
      `tenantLimit of ${name} must have a rate or a concurrency, such as { rate: 5 }`,
    )
  if (rate !== undefined && !(typeof rate === 'number' && rate > 0 && rate < Infinity))
    throw new TypeError(
      `tenantLimit of ${name}: rate must be a number of runs per second above 0, got ${String(rate)}`,
    )
  if (concurrency !== undefined && !(Number.isSafeInteger(concurrency) && concurrency >= 1))
    throw new TypeError(
      `tenantLimit of ${name}: concurrency must be a whole number from 1 and up, got ${String(concurrency)}`,
    )
}

// Default of `maxWait`, as a multiple of `wait`. Without a maximum, a steady stream of events would never start a run.
const LONGEST = 10

function debounceOf(options: SubscriptionOptions, name: string): Debounce | undefined {
  const { debounce } = options
  if (debounce === undefined) return undefined
  const of = `debounce of ${name}`
  if (options.orderingKey !== undefined)
    throw new TypeError(
      `${of} runs only the newest event of a key, but orderingKey runs each event; remove one of them`,
    )
  unknownOptions(of, debounce, ['key', 'wait', 'maxWait', 'newest'])
  const { key, newest } = debounce
  if (typeof key !== 'function')
    throw new TypeError(`${of}: key must be a function of the event, got ${kindOf(key)}`)
  if (newest !== undefined && typeof newest !== 'function')
    throw new TypeError(`${of}: newest must be a function of the event, got ${kindOf(newest)}`)
  const wait = milliseconds(debounce.wait ?? 0, `debounce.wait of ${name}`)
  const maxWait =
    debounce.maxWait === undefined
      ? wait * LONGEST
      : milliseconds(debounce.maxWait, `debounce.maxWait of ${name}`)
  if (maxWait < wait)
    throw new TypeError(
      `debounce.maxWait of ${name}: must be at least wait (${wait} ms), got ${maxWait} ms`,
    )
  return {
    key: (event) => String(key(event)),
    draft(event) {
      const given = newest?.(event)
      const value = given instanceof Date ? given.getTime() : given
      const isValue = typeof value === 'string' || Number.isFinite(value)
      return {
        at: Math.floor(event.receivedAt),
        wait,
        maxWait,
        ...(isValue && { newest: value! }),
      }
    },
  }
}

/**
 * The part of the Standard Schema 1 types that Postern uses. zod, valibot and arktype implement it.
 * https://standardschema.dev
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

/** The result of a validation: the value, which the schema may have transformed, or the issues. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

export type SchemaOutput<S extends StandardSchema> = NonNullable<S['~standard']['types']>['output']

export function validatorOf(schema: unknown): unknown {
  return (Object(schema) as Partial<StandardSchema>)['~standard']?.validate
}

/** Returns the path of an issue in the payload, such as `items.0.price`. */
export function issuePath(issue: SchemaIssue): string {
  return (issue.path ?? [])
    .map((part) => String(typeof part === 'object' ? part.key : part))
    .join('.')
}

export interface DraftRules {
  readonly receiver: string
  readonly tenantKey: ((event: WebhookEvent) => string) | undefined
}

export function taskDrafts(
  rules: DraftRules,
  subscriptions: readonly Pick<Subscription, 'name' | 'orderingKey' | 'debounce'>[],
  record: EventRecord,
  delivery: StoredDelivery,
): TaskDraft[] {
  if (subscriptions.length === 0) return []
  const fairKey = fairKeyOf(rules, record, delivery)
  const event = subscriptions.some(({ orderingKey, debounce }) => orderingKey ?? debounce)
    ? toEvent(rules.receiver, record, delivery, record.payload)
    : undefined
  return subscriptions.map(({ name, orderingKey, debounce }) => {
    const draft: Writable<TaskDraft> = { subscription: name }
    const key = orderingKey ?? debounce?.key
    if (key) draft.orderKey = tenantKey(fairKey, '>', String(key(event!)))
    if (debounce) draft.debounce = debounce.draft(event!)
    if (fairKey !== undefined) draft.fairKey = fairKey
    return draft
  })
}

/** Returns the verified tenant of an event, or else the result of `tenantKey`. Throws what `tenantKey` throws. */
export function fairKeyOf(
  { receiver, tenantKey: asked }: DraftRules,
  record: EventRecord,
  delivery: StoredDelivery,
): string | undefined {
  if (record.tenant !== undefined) return tenantKey(record.tenant, '', '')
  if (!asked) return undefined
  // The mark `~` separates tenants that `tenantKey` returns from verified tenants of the same name.
  return tenantKey(
    undefined,
    '~',
    String(asked(toEvent(receiver, record, delivery, record.payload))),
  )
}
