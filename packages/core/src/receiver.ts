import { createAnswers, type AnswerFunction, type AnswerOptions } from './receive/answer.ts'
import { ackReply } from './receive/ack.ts'
import { createAdmit } from './receive/admit.ts'
import type { Dedupe } from './receive/identity.ts'
import { createConsumer } from './subscribe/consumer.ts'
import { createDelivery, ownDelivery } from './delivery.ts'
import { milliseconds } from './duration.ts'
import { WebhookError } from './errors.ts'
import type { EventMap, WebhookEvent } from './event.ts'
import type { Inbox, TaskError } from './inbox/inbox.ts'
import { defaultInbox } from './inbox/memory/later.ts'
import { resolveLimits } from './limits.ts'
import { logger } from './logger.ts'
import { combineObservers, type AttemptInfo } from './observer.ts'
import type { Provider } from './provider/provider.ts'
import { receive, refuse, type Line } from './receive/receive.ts'
import { unknownOptions } from './unknown-options.ts'
import { stripper } from './receive/strip.ts'
import {
  createSubscriptions,
  type Handler,
  type SubscriptionOptions,
} from './subscribe/subscription.ts'
import type { Receiver, ReceiverOptions } from './receiver-types.ts'

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
  unknownOptions('createReceiver', options, OPTIONS)
  // Asked each time: fake timers that come later must reach receivers made before them.
  const { provider, now = () => Date.now(), onUnhandled = 'acknowledge' } = options
  if (typeof provider === 'function')
    throw new TypeError(
      'provider must be a provider, got its factory: call it, as in github({ secret })',
    )
  if (typeof provider?.verify !== 'function')
    throw new TypeError(
      `provider must be what a factory such as github({ secret }) returns, got ${typeof provider}`,
    )
  if (typeof options.inbox === 'function')
    throw new TypeError('inbox must be an inbox, got its factory: call it, as in memoryInbox()')
  if (options.inbox !== undefined && typeof options.inbox?.attach !== 'function')
    throw new TypeError(
      `inbox must be what a factory such as memoryInbox() returns, got ${typeof options.inbox}`,
    )
  const fairBy = options.fairBy as ((event: WebhookEvent) => string) | undefined
  if (fairBy !== undefined && typeof fairBy !== 'function')
    throw new TypeError('fairBy must be a function of an event that returns its tenant')
  const name = options.name ?? provider.name
  if (typeof name !== 'string' || name.trim() === '')
    throw new TypeError('name must be a text that is not empty')
  const inbox = options.inbox ?? defaultInbox()
  const limits = resolveLimits(options.limits, provider.limits)
  const observer = combineObservers([
    ...(options.log === false ? [] : [options.log ?? logger()]),
    ...(options.observers ?? []),
  ])
  const ack = ackReply(options.ack, provider as Provider)
  const subscriptions = createSubscriptions({ topicCache: 1000, durable: inbox.can.durable })
  const answers = createAnswers()
  const deadListeners: ((task: AttemptInfo, error: TaskError) => unknown)[] = []
  const answered: string[] = []
  if (onUnhandled === 'store' && !inbox.view)
    throw new TypeError(`onUnhandled: ${inbox.name} stores nothing; use 'acknowledge' or 'refuse'`)
  oneOf('onUnhandled', onUnhandled, ['acknowledge', 'store', 'refuse'])
  const dedupe = options.dedupe ?? defaultDedupe(provider as Provider)
  oneOf('dedupe', dedupe, ['id', 'id+digest', 'digest', 'none'])
  oneOf('integers', options.integers ?? 'number', ['number', 'exact'])

  const consumer = createConsumer({
    receiver: name,
    inbox: inbox.name,
    retrySpan: provider.retrySpan ?? 0,
    subscriptions,
    observer,
    now,
    fairBy,
    deadListeners,
  })
  const port = inbox.attach(consumer)
  let working = false
  let started = false
  let closed = false
  const admit = createAdmit({ provider: provider as Provider, limits, now, open })

  const line: Line = {
    receiver: name,
    provider: provider as Provider,
    port,
    answers,
    observer,
    now,
    ack,
    exact: options.integers === 'exact',
    dedupe,
    onUnhandled,
    fairBy,
    subscriptionsOf: (event) => subscriptions.match(event),
    strip: stripper(provider.credentials),
    admit,
  }

  if (!inbox.can.durable && inbox.view && isProduction()) {
    observer.warning?.(
      name,
      `${inbox.name} forgets acknowledged events when this process ends, and NODE_ENV is production: use sqliteInbox (@postern/sqlite), or bullmqInbox or pgBossInbox`,
    )
  }
  if (dedupe === 'none' || (dedupe === 'id' && provider.ids === false))
    observer.warning?.(
      name,
      `nothing is deduplicated: ${dedupe === 'none' ? "dedupe is 'none'" : `events of ${provider.name} have no id; say where it is, or set dedupe: 'digest'`}`,
    )
  if (options.work !== false) startSoon()

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
    admit: (head) => admit(createDelivery(head, limits, provider as Provider)),
    receive: (delivery, host = {}) =>
      receive(line, ownDelivery(delivery, limits, provider as Provider), host),
    fetch: (request, host) => (fetchEntry ? fetchEntry(request, host) : loadFetch(request, host)),
    refuse: (request, error) => refuse(line, { ...request, body: EMPTY }, error),
    async work() {
      if (!port.work)
        throw new TypeError(
          `${inbox.name} runs the handlers inside the request: there is nothing to work on`,
        )
      startWorker()
    },
    async replay(filter = {}) {
      const changed = await view().replay({ ...filter, receiver: name })
      return typeof changed === 'number' ? changed : changed.count
    },
    async tasks(filter = {}) {
      const page = await view().list({ ...filter, receiver: name })
      return page.rows ?? page.tasks
    },
    async close(settings = {}) {
      closed = true
      const timeout = milliseconds(settings.timeout ?? '10s', 'close: timeout')
      await port.close(Date.now() + timeout)
      if (!options.inbox) await inbox.close()
    },
  } as Receiver<Events>
  let fetchEntry: Receiver['fetch'] | undefined
  return receiver

  function open(): void {
    if (closed) throw new WebhookError('closed', 'the receiver was closed')
    if (!started) start()
  }

  function start(): void {
    if (options.work === false && subscriptions.all.length === 0 && onUnhandled !== 'store') {
      throw new WebhookError(
        'internal_error',
        `receiver ${name} has work: false and no subscription, so nothing would be stored: import the subscriptions here too, or set onUnhandled: 'store'`,
      )
    }
    if (options.work !== false) startWorker()
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

  // Hosts on node:http never need it.
  async function loadFetch(...request: Parameters<Receiver['fetch']>): Promise<Response> {
    const { createFetch } = await import('./fetch.ts')
    fetchEntry ??= createFetch(receiver)
    return fetchEntry(...request)
  }

  function startSoon(): void {
    try {
      setTimeout(startWorker)
    } catch {
      // Workers allow no timer outside a request: there the first delivery starts it.
    }
  }

  function startWorker(): void {
    if (closed || working) return
    working = true
    port.work?.()
  }

  function view(): NonNullable<Inbox['view']> {
    if (!inbox.view) throw new TypeError(`${inbox.name} keeps no tasks that could be looked at`)
    return inbox.view
  }
}

const OPTIONS: readonly (keyof ReceiverOptions)[] = [
  'provider',
  'inbox',
  'name',
  'limits',
  'ack',
  'now',
  'observers',
  'log',
  'onUnhandled',
  'dedupe',
  'integers',
  'work',
  'fairBy',
]

/** A captured delivery under another id is a replay if the sender never repeats itself and signs no id. */
function defaultDedupe({ repeats, covers }: Provider): Dedupe {
  return repeats === false && covers.id !== true ? 'id+digest' : 'id'
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
