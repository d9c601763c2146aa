import { createAnswers, type AnswerFunction, type AnswerOptions } from './answer.ts'
import { ackReply, type AckOption } from './ack.ts'
import { createConsumer } from './consumer.ts'
import { createDelivery, isDelivery, type Delivery, type DeliveryInit } from './delivery.ts'
import { milliseconds, type Duration } from './duration.ts'
import { WebhookError } from './errors.ts'
import type { EventMap, WebhookEvent } from './event.ts'
import { createFetch, type FetchHost } from './fetch.ts'
import type { Host, Inbox, TaskError, TaskFilter, TaskInfo, Worker } from './inbox/inbox.ts'
import { memoryInbox } from './inbox/memory.ts'
import { resolveLimits, type Limits } from './limits.ts'
import { logger } from './logger.ts'
import { combineObservers, type AttemptInfo, type Observer } from './observer.ts'
import type { Provider } from './provider.ts'
import { receive, refuse, type Line } from './receive.ts'
import type { Reply } from './reply.ts'
import type { SchemaOutput, StandardSchema } from './standard-schema.ts'
import { stripper } from './strip.ts'
import { createSubscriptions, type Handler, type SubscriptionOptions } from './subscription.ts'
import type { EventOf, PatternOf, TopicsOf } from './topic-types.ts'

/** Options of {@link createReceiver}. */
export interface ReceiverOptions<Events extends EventMap = EventMap> {
  /** Who sends. */
  readonly provider: Provider<Events>
  /** Where accepted events live until done. @default memoryInbox(), which forgets them when the process ends */
  readonly inbox?: Inbox
  /** Part of each event's identity and unique in its inbox: stable over restarts. @default the provider's name */
  readonly name?: string
  /** Bounds of what one delivery may cost. */
  readonly limits?: Partial<Limits>
  /** Status of the acknowledgement: 200, 202 or 204, or 302 with a location where the sender takes one. @default 200 with an empty body */
  readonly ack?: AckOption
  /** The time in milliseconds since 1970. @default Date.now */
  readonly now?: () => number
  /** Told what happens, beside the logger. */
  readonly observers?: readonly Observer[]
  /** The logger: an observer, or false for none. @default logger(), to the console */
  readonly log?: Observer | false
  /** What becomes of events nobody subscribed to: acknowledged and dropped, stored for a later handler, or refused with 404. @default 'acknowledge' */
  readonly onUnhandled?: 'acknowledge' | 'store' | 'refuse'
  /** What makes two events the same: the sender's id; that or else a digest of the body; or nothing. @default 'id' */
  readonly dedupe?: 'id' | 'digest' | 'none'
  /** `exact` gives integers beyond 2^53 in JSON payloads as BigInt. @default 'number' */
  readonly integers?: 'number' | 'exact'
  /** False where another process runs the tasks (`receiver.work()` there). @default true */
  readonly work?: boolean
}

/** The thing that is mounted: takes deliveries and runs what is subscribed. */
export interface Receiver<Events extends EventMap = EventMap> {
  readonly name: string
  readonly provider: Provider<Events>
  readonly limits: Limits
  /** Topic patterns with a subscription or an answer. */
  readonly topics: readonly string[]
  /** Subscribes a handler to topics. All subscriptions are made before the first delivery. */
  on<const P extends (keyof Events & string) | (string & {}), S extends StandardSchema>(
    topics: Topics<Events, P>,
    options: SubscriptionOptions<WebhookEvent<TopicsOf<Events, P>, SchemaOutput<S>>> & {
      readonly schema: S
    },
    handler: Handler<
      WebhookEvent<string extends keyof Events ? string : TopicsOf<Events, P>, SchemaOutput<S>>
    >,
  ): this
  on<const P extends (keyof Events & string) | (string & {})>(
    topics: Topics<Events, P>,
    options: SubscriptionOptions<EventOf<Events, P>>,
    handler: Handler<EventOf<Events, P>>,
  ): this
  on<const P extends (keyof Events & string) | (string & {})>(
    topics: Topics<Events, P>,
    handler: Handler<EventOf<Events, P>>,
  ): this
  /** Subscribes a handler to every event. */
  onAny(
    options: SubscriptionOptions<EventOf<Events, '**'>>,
    handler: Handler<AnyEvent<Events>>,
  ): this
  onAny(handler: Handler<AnyEvent<Events>>): this
  /** Called when a task was given up. It is told in this process only and is not retried. */
  onDead(listener: (task: AttemptInfo, error: TaskError) => unknown): this
  /** Gives the reply for topics whose sender reads it. */
  answer<const P extends (keyof Events & string) | (string & {})>(
    topics: Topics<Events, P>,
    answer: AnswerFunction<EventOf<Events, P>>,
    options?: AnswerOptions,
  ): this
  /** Takes one delivery and gives the reply. It never throws for what the network sent. */
  receive(delivery: Delivery | DeliveryInit, host?: Host): Promise<Reply>
  /** The same for a Web standard `Request`, whose body must be unread. */
  fetch(request: Request, host?: FetchHost): Promise<Response>
  /** The reply to a request an adapter could not read, after telling the observers why. */
  refuse(request: { readonly method: string; readonly url: string }, error: WebhookError): Reply
  /** Runs tasks in this process, where `work: false` was given. */
  work(): Promise<void>
  /** Makes dead or done tasks pending again; resolves with their number. */
  replay(filter?: TaskFilter): Promise<number>
  /** Tasks of this receiver: pending, running, done as far as they are kept, and dead. */
  tasks(filter?: TaskFilter & { readonly limit?: number }): Promise<readonly TaskInfo[]>
  /** Refuses deliveries with 503, lets running attempts end and leaves the rest pending. Closes only an inbox it made itself. */
  close(options?: { /** @default '10s' */ readonly timeout?: Duration }): Promise<void>
}

type Topics<Events extends EventMap, P extends string> =
  | (P & PatternOf<Events, P>)
  | readonly (P & PatternOf<Events, P>)[]
type AnyEvent<Events extends EventMap> = string extends keyof Events
  ? WebhookEvent<string, Events[string]>
  : { [T in keyof Events & string]: WebhookEvent<T, Events[T]> }[keyof Events & string]

/**
 * Makes a receiver. Bad options throw a `TypeError` that names them; nothing the network sends makes it throw.
 *
 * @example
 * const receiver = createReceiver({ provider: github({ secret: process.env.GITHUB_WEBHOOK_SECRET! }) })
 * receiver.on('issues.opened', async (event) => console.log(event.id, event.topic))
 */
export function createReceiver<Events extends EventMap = EventMap>(
  options: ReceiverOptions<Events>,
): Receiver<Events> {
  const { provider, now = Date.now, onUnhandled = 'acknowledge', dedupe = 'id' } = options
  const name = options.name ?? provider.name
  const inbox = options.inbox ?? memoryInbox()
  const limits = resolveLimits(options.limits, provider.limits)
  const observer = combineObservers([
    ...(options.log === false ? [] : [options.log ?? logger()]),
    ...(options.observers ?? []),
  ])
  const subscriptions = createSubscriptions(1000)
  const answers = createAnswers()
  const deadListeners: ((task: AttemptInfo, error: TaskError) => unknown)[] = []
  const answered: string[] = []
  oneOf('onUnhandled', onUnhandled, ['acknowledge', 'store', 'refuse'])
  oneOf('dedupe', dedupe, ['id', 'digest', 'none'])
  oneOf('integers', options.integers ?? 'number', ['number', 'exact'])

  const consumer = createConsumer({
    receiver: name,
    inbox: inbox.name,
    retrySpan: provider.retrySpan ?? 0,
    subscriptions,
    observer,
    now,
    deadListeners,
  })
  const port = inbox.attach(consumer)
  let worker: Worker | undefined
  let started = false
  let closed = false
  const methods = provider.methods ?? ['POST']

  const line: Line = {
    receiver: name,
    provider: provider as Provider,
    port,
    answers,
    observer,
    now,
    ack: ackReply(options.ack, provider as Provider),
    exact: options.integers === 'exact',
    dedupe,
    onUnhandled,
    subscriptionsOf: (event) => subscriptions.match(event),
    strip: stripper(provider.credentials),
    admit,
  }

  if (!inbox.can.durable && inbox.can.work && isProduction()) {
    observer.warning?.(
      name,
      `${inbox.name} forgets acknowledged events when this process ends, and NODE_ENV is production: use sqliteInbox (@postern/sqlite), or bullmqInbox or pgBossInbox`,
    )
  }
  if (options.work !== false && port.work) setTimeout(startWorker)

  const receiver: Receiver<Events> = {
    name,
    provider,
    limits,
    get topics() {
      return [
        ...new Set([
          ...subscriptions.all.flatMap((subscription) => subscription.patterns),
          ...answered,
        ]),
      ]
    },
    on(topics: unknown, ...rest: unknown[]) {
      const [given, handler] = rest.length === 1 ? [{}, rest[0]] : rest
      subscribe(() =>
        subscriptions.add(
          asArray(topics),
          checkOptions(given as SubscriptionOptions),
          handler as Handler,
        ),
      )
      return receiver
    },
    onAny(...rest: unknown[]) {
      const [given, handler] = rest.length === 1 ? [{}, rest[0]] : rest
      subscribe(() =>
        subscriptions.addAny(checkOptions(given as SubscriptionOptions), handler as Handler),
      )
      return receiver
    },
    onDead(listener) {
      deadListeners.push(listener)
      return receiver
    },
    answer(topics: unknown, answer: unknown, settings: AnswerOptions = {}) {
      subscribe(() => answers.add(asArray(topics), settings, answer as AnswerFunction))
      answered.push(...asArray(topics))
      return receiver
    },
    receive: (delivery, host = {}) =>
      receive(line, isDelivery(delivery) ? delivery : createDelivery(delivery, limits), host),
    fetch: (request, host) => fetchEntry(request, host),
    refuse: (request, error) => refuse(line, { ...request, body: EMPTY }, error),
    async work() {
      if (!port.work)
        throw new TypeError(
          `${inbox.name} runs the handlers inside the request: there is nothing to work on`,
        )
      startWorker()
    },
    async replay(filter = {}) {
      return view().replay({ ...filter, receiver: name })
    },
    async tasks(filter = {}) {
      return (await view().list({ ...filter, receiver: name })).tasks
    },
    async close(settings = {}) {
      closed = true
      const timeout = milliseconds(settings.timeout ?? '10s', 'close: timeout')
      await worker?.stop(timeout)
      await port.drain(timeout)
      if (!options.inbox) await inbox.close()
    },
  } as Receiver<Events>
  const fetchEntry = createFetch(receiver, line)
  return receiver

  function admit(delivery: Delivery): void {
    if (closed) throw new WebhookError('closed', 'the receiver was closed')
    if (!started) start()
    if (!methods.includes(delivery.method)) {
      throw new WebhookError(
        'method_not_allowed',
        `${provider.name} sends ${methods.join(' or ')}, this is a ${delivery.method}`,
        { headers: { allow: methods.join(', ') } },
      )
    }
    if (delivery.body.byteLength > limits.body)
      throw new WebhookError(
        'body_too_large',
        `the body has ${delivery.body.byteLength} bytes, limits.body is ${limits.body}`,
      )
  }

  function start(): void {
    if (options.work === false && subscriptions.all.length === 0 && onUnhandled !== 'store') {
      throw new WebhookError(
        'internal_error',
        `receiver ${name} has work: false and no subscription, so nothing would be stored: import the subscriptions here too, or set onUnhandled: 'store'`,
      )
    }
    started = true
  }

  function subscribe(add: () => void): void {
    if (started)
      throw new TypeError(
        `receiver ${name}: subscribe before the first delivery; events that came before would have no task for this handler`,
      )
    add()
  }

  function checkOptions(given: SubscriptionOptions): SubscriptionOptions {
    if (given.orderBy && !inbox.can.order)
      throw new TypeError(
        `orderBy: ${inbox.name} cannot keep the order of a key; sqliteInbox, pgBossInbox and memoryInbox can`,
      )
    return given
  }

  function startWorker(): void {
    if (!closed) worker ??= port.work?.()
  }

  function view(): NonNullable<Inbox['view']> {
    if (!inbox.view) throw new TypeError(`${inbox.name} keeps no tasks that could be looked at`)
    return inbox.view
  }
}

const EMPTY = new Uint8Array(0)

function asArray(topics: unknown): readonly string[] {
  return typeof topics === 'string' ? [topics] : (topics as readonly string[])
}

function oneOf(option: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value))
    throw new TypeError(`${option} must be one of ${allowed.join(', ')}, got ${value}`)
}

function isProduction(): boolean {
  // Workers have no process; there the durable choice is made elsewhere.
  return (
    (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env?.[
      'NODE_ENV'
    ] === 'production'
  )
}
