import {
  WebhookError,
  type Duration,
  type Receiver,
  isWebhookError,
  type ErrorCode,
} from '@postern/core'
import { type CommitWrite, unknownOptions, errorText } from '@postern/core/internal'
import {
  checks,
  type Intake,
  type Accepted,
  type DurableInboxOptions,
  engineSettings,
  type EngineOptions,
  type EngineSettings,
  decodeDelivery,
  decodeEvent,
  encodeDelivery,
  encodeEvent,
  type Guard,
  type TaskDraft,
} from '@postern/core/engine'
import type { InboxView, Journal, Records, Inbox } from '@postern/core/inbox'

/** Options of {@link durableObjectInbox}. */
export interface DurableObjectInboxOptions {
  /**
   * Name of the object. Each object has its own database, order and deduplication window.
   * @default 'postern'
   */
  readonly object?: string
  /**
   * How long the object knows event ids; give the `dedupeWindow` of `durableObject`. `catchUp` in the Worker fetches no
   * older events. If the object's window is shorter, deliveries get 503, and a log line gives the reason. @default '4d'
   */
  readonly dedupeWindow?: Duration
}

interface ObjectStub {
  accept(receiver: string, intake: WireIntake): Promise<WireAnswer<readonly Accepted[]>>
  ask(part: WirePart, method: string, args: readonly unknown[]): Promise<WireAnswer<unknown>>
}

// Lists every member of the interface, so that a new member causes a compile error here.
const VIEW: Record<keyof InboxView, true> = {
  list: true,
  get: true,
  stats: true,
  causes: true,
  version: true,
  replay: true,
  rerun: true,
  delete: true,
  erase: true,
  prune: true,
  orphans: true,
}
const RECORDS: Record<keyof Records, true> = { get: true, set: true, delete: true, list: true }
const JOURNAL: Record<keyof Journal, true> = {
  write: true,
  rejections: true,
  deliveries: true,
  delivery: true,
  attempts: true,
  actions: true,
  history: true,
}

/**
 * Creates the inbox of a Durable Object in a Worker. The inbox sends verified deliveries to the object over RPC. Its
 * view, records and journal call the object too. A delivery that does not fit into a row of the object (2 MB) gets 413.
 * The namespace must belong to a class of `durableObject()`.
 *
 * `worker()` calls this function for you. Call it yourself in a Worker with its own router, in a queue consumer or in a
 * scheduled handler.
 *
 * @throws TypeError if an option is wrong.
 *
 * @example
 * const inbox = durableObjectInbox(env.WEBHOOKS)
 * const receiver = createReceiver({ provider: github({ secret: env.GITHUB_SECRET }), inbox })
 */
export function durableObjectInbox(
  namespace: ObjectNamespace,
  options: DurableObjectInboxOptions = {},
): ObjectInbox {
  const check = checks(INBOX, options)
  const object = check.value('object') ?? 'postern'
  const window = check.span('dedupeWindow', '4d')
  check.end()
  if (typeof object !== 'string' || object === '')
    throw new TypeError(`${INBOX}: object must be a name, got ${JSON.stringify(object)}`)
  if (typeof namespace?.getByName !== 'function')
    throw new TypeError(
      `${INBOX}: namespace must be the binding of a Durable Object class, got ${typeof namespace}; add it to durable_objects in the settings of the Worker`,
    )
  // A stub is valid only in the request that created it.
  const stub = (): ObjectStub => namespace.getByName(object) as ObjectStub

  return {
    name: INBOX,
    worker: false,
    can: { order: true, transaction: true, durable: true, fair: true, search: 'index' },
    dedupeWindow: window,
    attach: ({ receiver }) => ({
      async accept(intake) {
        checkSize(intake)
        return valueOf(await called(() => stub().accept(receiver, toWire(intake, window))))
      },
      async close() {},
    }),
    view: remote<InboxView>('view', VIEW),
    records: remote<Records>('records', RECORDS),
    journal: remote<Journal>('journal', JOURNAL),
    async close() {},
  }

  function remote<Members>(part: WirePart, members: Record<keyof Members, true>): Members {
    const methods = Object.keys(members).map((method) => [
      method,
      async (...args: readonly unknown[]) => {
        if (args.some(hasFunction))
          throw new TypeError(
            `${INBOX}: ${method}: a function cannot be sent to the Durable Object; leave it out here`,
          )
        return valueOf(await called(() => stub().ask(part, method, args)))
      },
    ])
    return Object.fromEntries(methods) as Members
  }
}

/**
 * Rejects with `inbox_unavailable` if the call fails, so that the sender retries. The object may have stored the
 * delivery.
 */
async function called<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw new WebhookError('inbox_unavailable', `${INBOX}: ${errorText(error)}`, { cause: error })
  }
}

function valueOf<T>(answer: WireAnswer<T>): T {
  if ('thrown' in answer) throw thrownError(answer.thrown)
  return answer.value
}

/** Rejects a too large body before sending. The object would reject the body only after it has received all of it. */
function checkSize({ delivery: { body } }: Intake): void {
  if (body.byteLength > ROW - HEAD)
    throw new WebhookError('body_too_large', {
      problem: 'too_large',
      limit: ROW - HEAD,
      got: body.byteLength,
      remedy: SMALLER_BODY,
    })
}

// Part of the maximum size of a database row that is reserved for everything but the body, in bytes.
const HEAD = 100_000

function hasFunction(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).some((one) => typeof one === 'function')
  )
}

/** An inbox in a Durable Object. `task.commit` passes `ctx.storage.sql` to its function. */
export type ObjectInbox = Inbox<CommitWrite<SqlStorage>>

/**
 * Creates the receivers of an app, by their paths. This function runs in the Worker, which verifies deliveries, and in
 * the Durable Object, which runs the handlers. Do not set `worker`, and keep no state in the Worker or the object.
 *
 * @example
 * const receivers: Receivers<Env> = (env, inbox) => ({
 *   '/webhooks/github': createReceiver({ provider: github({ secret: env.GITHUB_SECRET }), inbox }).on('push', deploy),
 * })
 */
export type Receivers<Env> = (
  env: Env,
  inbox: ObjectInbox,
) => Readonly<Record<string, Receiver<any, any>>>

export const INBOX = 'durableObjectInbox'
/**
 * Maximum size of a row in a Durable Object's SQLite, in bytes:
 * https://developers.cloudflare.com/durable-objects/platform/limits/
 */
export const ROW: number = 2_000_000

export const SMALLER_BODY: string =
  'a row of the Durable Object cannot hold more: ask the sender for smaller deliveries'

/** Options of {@link durableObject}. */
export interface DurableObjectOptions extends Pick<
  DurableInboxOptions,
  'maxPending' | 'maxPendingShare' | 'dedupeWindow' | 'keepDone' | 'keepDead'
> {
  /**
   * Maximum number of tasks that run immediately after replies, or in one alarm. If more tasks are due, the next alarm
   * follows immediately. The requests of these tasks may count as requests of one invocation. @default 500
   */
  readonly batch?: number
  /** Time limit of one alarm. The maximum is 15 minutes, the limit of the runtime. @default '5m' */
  readonly deadline?: Duration
}

/** The checked options. All times are in milliseconds. */
export interface ObjectSettings {
  readonly engine: EngineSettings
  readonly batch: number
  readonly time: number
}

const OPTIONS: readonly (keyof DurableObjectOptions)[] = [
  'maxPending',
  'maxPendingShare',
  'dedupeWindow',
  'keepDone',
  'keepDead',
  'batch',
  'deadline',
]
const LONGEST = 15 * 60_000

export function checkSettings(options: DurableObjectOptions): ObjectSettings {
  unknownOptions('durableObject', options, OPTIONS)
  const check = checks('durableObject', options)
  const batch = check.whole('batch', 500)
  const time = check.time('deadline', '5m')
  if (time < 2000 || time > LONGEST)
    throw new TypeError(
      `durableObject: deadline must be from 2s to 15m, got ${String(options.deadline)}`,
    )
  // The engine's own `deadline` is the time for a commit.
  const { deadline: _, ...rest } = options
  const others = checks<EngineOptions>('durableObject', rest)
  const engine = engineSettings('durableObject', others, { pollInterval: '1s' })
  return { engine, batch, time }
}

/** The value of a column in a Durable Object's SQLite. */
export type SqlValue = string | number | null | ArrayBuffer

/** The rows that a statement returns. */
export interface SqlCursor {
  toArray(): Record<string, SqlValue>[]
}

/** The part of `ctx.storage.sql` that this package uses. */
export interface SqlStorage {
  exec(query: string, ...bindings: any[]): SqlCursor
}

/**
 * The part of `ctx.storage` that this package uses.
 * https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/
 */
export interface ObjectStorage {
  readonly sql: SqlStorage
  transactionSync<T>(run: () => T): T
  getAlarm(): Promise<number | null>
  setAlarm(time: number): Promise<void>
  deleteAlarm(): Promise<void>
}

/** The part of a Durable Object's `ctx` that this package uses. */
export interface ObjectState {
  readonly id: { toString(): string }
  readonly storage: ObjectStorage
  blockConcurrencyWhile<T>(run: () => Promise<T>): Promise<T>
}

/** A binding of `durable_objects`. */
export interface ObjectNamespace {
  getByName(name: string): unknown
}

/** The third argument of a Worker's `fetch`. */
export interface WorkerContext {
  waitUntil(work: Promise<unknown>): void
}

/** The parts of the inbox that a Worker can call over RPC. */
export type WirePart = 'view' | 'records' | 'journal'

/**
 * A delivery that a Worker sends to the object. It has only strings, bytes and plain objects, which any two versions
 * can read.
 */
export interface WireIntake {
  readonly head: string
  readonly body: Uint8Array
  /** The `dedupeWindow` in the Worker's settings, in milliseconds. */
  readonly dedupeWindow: number
  readonly items: readonly {
    readonly record: string
    readonly guards: readonly Guard[] | undefined
    readonly tasks: readonly TaskDraft[]
  }[]
}

/** The result of a call, or its error. RPC drops the class of an error. */
export type WireAnswer<T> = { readonly value: T } | { readonly thrown: WireError }

/** The parts of an error. */
export interface WireError {
  readonly message: string
  /** True if the error is a mistake in code that uses the inbox. */
  readonly mistake: boolean
  /** The code, if the error rejects a delivery. */
  readonly code?: ErrorCode
  /** Time after which the sender should retry, in seconds. */
  readonly retryAfter?: number
}

/** Converts a delivery to the form that is sent. {@link fromWire} converts it back. */
function toWire({ delivery, items }: Intake, window: number): WireIntake {
  return {
    ...encodeDelivery(delivery),
    dedupeWindow: window,
    items: items.map(({ event, tasks }) => ({
      record: encodeEvent(event, delivery),
      guards: event.guards,
      tasks,
    })),
  }
}

export function fromWire({ head, body, items }: WireIntake): Intake {
  const delivery = decodeDelivery(head, body)
  return {
    delivery,
    items: items.map(({ record, guards, tasks }) => ({
      event: { ...decodeEvent(record, delivery), ...(guards && { guards }) },
      tasks,
    })),
  }
}

export function thrownOf(error: unknown): WireError {
  const message = errorText(error)
  if (!isWebhookError(error)) return { message, mistake: error instanceof TypeError }
  const { code, retryAfter } = error
  return { message, mistake: false, code, ...(retryAfter !== undefined && { retryAfter }) }
}

function thrownError({ message, mistake, code, retryAfter }: WireError): Error {
  if (code !== undefined)
    return new WebhookError(code, message, { ...(retryAfter !== undefined && { retryAfter }) })
  return mistake ? new TypeError(message) : new Error(message)
}
