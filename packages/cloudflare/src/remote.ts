import {
  WebhookError,
  type Duration,
  type Receiver,
  isWebhookError,
  type ErrorCode,
} from '@postern/core'
import { type CommitWrite, milliseconds, unknownOptions, errorText } from '@postern/core/internal'
import {
  checks,
  type Intake,
  type Accepted,
  engineSettings,
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
  /** Name of the object. Each has a database, an order and windows of its own. @default 'postern' */
  readonly object?: string
  /**
   * How long the object knows ids: the `dedupeWindow` that `durableObject` was given. `catchUp` in the Worker fetches nothing
   * older. If the object knows them for a shorter time, deliveries get 503 and the log says why. @default '4d'
   */
  readonly dedupeWindow?: Duration
}

/** What the object answers by RPC. */
interface ObjectStub {
  accept(receiver: string, intake: WireIntake): Promise<WireAnswer<readonly Accepted[]>>
  ask(part: WirePart, method: string, args: readonly unknown[]): Promise<WireAnswer<unknown>>
}

// Each member of the contract: what a newer version adds is missing here at compile time.
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
 * The inbox of a Durable Object, from a Worker: it hands over what the receiver has verified, by RPC, and view, records and
 * journal ask there. Acknowledged deliveries are stored; those that do not fit into a row of the object (2 MB) get 413.
 * The class of the namespace is one of `durableObject()`. `worker()` makes it; take this for a Worker with a router of its
 * own, a queue's consumer or a scheduled handler.
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
  // A stub belongs to the request that made it.
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

/** An object that cannot be reached, or that ended during the call, may have stored the delivery: the sender asks again. */
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

/** The object would reject it too, after the whole body was sent there. */
function checkSize({ delivery: { body } }: Intake): void {
  if (body.byteLength > ROW - HEAD)
    throw new WebhookError('body_too_large', {
      problem: 'too_large',
      limit: ROW - HEAD,
      got: body.byteLength,
      remedy: SMALLER_BODY,
    })
}

// Bytes of a row for all but the body.
const HEAD = 100_000

function hasFunction(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).some((one) => typeof one === 'function')
  )
}

/** An inbox in a Durable Object: `task.commit` gets `ctx.storage.sql`. */
export type ObjectInbox = Inbox<CommitWrite<SqlStorage>>

/**
 * Makes the receivers of an app, each under the path at which it is mounted. It runs in the Worker, which verifies, and in
 * the Durable Object, which runs the handlers: leave `work` out, and keep state in neither.
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

/** As in errors. */
export const INBOX = 'durableObjectInbox'
/** Bytes of a row of a Durable Object's SQLite: https://developers.cloudflare.com/durable-objects/platform/limits/ */
export const ROW: number = 2_000_000

/** The way out for a body that is larger. */
export const SMALLER_BODY: string =
  'a row of the object cannot hold more: ask the sender for smaller deliveries'

/** Options of `durableObject`. */
export interface DurableObjectOptions {
  /** Tasks of one receiver that may be pending or running; beyond, deliveries get 503. @default 1_000_000 */
  readonly maxPending?: number
  /** Share of `maxPending` that one tenant (one value of `tenantKey`) may hold, so that a flood of one tenant rejects only its own deliveries. @default 0.5 */
  readonly maxPendingShare?: number
  /** How long ids of events are known, so that a redelivery runs nothing; at least the sender's retry span. @default '4d' */
  readonly dedupeWindow?: Duration
  /** How long done events are kept for lists and replay. An event is kept for the longer of this and `dedupeWindow`. @default '4d' */
  readonly keepDone?: Duration
  /** How long dead tasks are kept for replay and redelivery. @default '30d' */
  readonly keepDead?: Duration
  /** Tasks that run behind the replies of one moment, or in one ring of the alarm; the next ring follows at once. Their requests may count as those of one invocation. @default 500 */
  readonly batch?: number
  /** The longest time of one ring; at most 15 minutes, the runtime's limit. @default '5m' */
  readonly deadline?: Duration
}

/** The checked options; times in milliseconds. */
export interface ObjectSettings {
  readonly engine: EngineSettings
  readonly batch: number
  /** Of one ring. */
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

/** Checks the options. Throws a `TypeError` that names the wrong one. */
export function checkSettings(options: DurableObjectOptions): ObjectSettings {
  unknownOptions('durableObject', options, OPTIONS)
  const { batch = 500, deadline = '5m', ...rest } = options
  if (!(Number.isSafeInteger(batch) && batch >= 1))
    throw new TypeError(
      `durableObject: batch must be a whole number from 1 and up, got ${String(batch)}`,
    )
  const time = milliseconds(deadline, 'durableObject: deadline')
  if (time < 2000 || time > LONGEST)
    throw new TypeError(`durableObject: deadline must be from 2s to 15m, got ${String(deadline)}`)
  const check = checks('durableObject', rest as DurableObjectOptions & Pick<EngineSettings, never>)
  return { engine: engineSettings('durableObject', check, { pollInterval: '1s' }), batch, time }
}

/** What a column of a Durable Object's SQLite holds. */
export type SqlValue = string | number | null | ArrayBuffer

/** The rows of a statement. */
export interface SqlCursor {
  toArray(): Record<string, SqlValue>[]
}

/** `ctx.storage.sql` of a Durable Object, as far as this package uses it. */
export interface SqlStorage {
  exec(query: string, ...bindings: any[]): SqlCursor
}

/** `ctx.storage` of a Durable Object with SQLite. https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/ */
export interface ObjectStorage {
  readonly sql: SqlStorage
  transactionSync<T>(run: () => T): T
  getAlarm(): Promise<number | null>
  setAlarm(time: number): Promise<void>
  deleteAlarm(): Promise<void>
}

/** `ctx` of a Durable Object. */
export interface ObjectState {
  readonly id: { toString(): string }
  readonly storage: ObjectStorage
  blockConcurrencyWhile<T>(run: () => Promise<T>): Promise<T>
}

/** A `durable_objects` binding. */
export interface ObjectNamespace {
  getByName(name: string): unknown
}

/** The third argument of a Worker's `fetch`. */
export interface WorkerContext {
  waitUntil(work: Promise<unknown>): void
}

/** What a Worker may ask of the object next to accepting. */
export type WirePart = 'view' | 'records' | 'journal'

/** A delivery on its way from a Worker: strings, bytes and plain objects alone, which any two versions read alike. */
export interface WireIntake {
  readonly head: string
  readonly body: Uint8Array
  /** How long ids are known according to the Worker, in milliseconds. */
  readonly dedupeWindow: number
  readonly items: readonly {
    readonly record: string
    readonly guards: readonly Guard[] | undefined
    readonly tasks: readonly TaskDraft[]
  }[]
}

/** The result of a call, or its error, which would lose its class on the way. */
export type WireAnswer<T> = { readonly value: T } | { readonly thrown: WireError }

/** The parts of an error. */
export interface WireError {
  readonly message: string
  /** A mistake in code that uses the inbox. */
  readonly mistake: boolean
  /** Of a rejection. */
  readonly code?: ErrorCode
  readonly retryAfter?: number
}

/** Of {@link fromWire}. */
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

/** The intake of {@link toWire}. */
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

/** An error as its parts. */
export function thrownOf(error: unknown): WireError {
  const message = errorText(error)
  if (!isWebhookError(error)) return { message, mistake: error instanceof TypeError }
  const { code, retryAfter } = error
  return { message, mistake: false, code, ...(retryAfter !== undefined && { retryAfter }) }
}

/** The error of {@link thrownOf}. */
function thrownError({ message, mistake, code, retryAfter }: WireError): Error {
  if (code !== undefined)
    return new WebhookError(code, message, { ...(retryAfter !== undefined && { retryAfter }) })
  return mistake ? new TypeError(message) : new Error(message)
}
