import { checkTransaction } from './inbox/engine/accept/transactions.ts'
import { milliseconds, settledBy, toWall, outsideRequests } from './basics/deadline.ts'
import { checkFunction, checkObject, kindOf, unknownOptions } from './basics/unknown-options.ts'
import { WebhookError, NO_VIEW } from './errors.ts'
import type { EventMap } from './event.ts'
import type { Provider } from './provider/provider.ts'
import { reject, receive } from './receive/receive.ts'
import type { AnyCommit } from './subscribe/task.ts'
import { createVersionNote, isTool } from './receiver/app.ts'
import { checkReceiver, nodeEnv } from './receiver/check-options.ts'
import type { Health } from './receiver/health.ts'
import { checkRunDue, type CheckedOptions, type ReceiverOptions } from './receiver/options.ts'
import { createConsumer, createLazyRecorder } from './receiver/consumer.ts'
import { keepTrusted } from './receiver/keep-trusted.ts'
import type { Receiver } from './receiver/receiver-types.ts'
import { createSubscribing } from './subscribe/subscribing.ts'
import type { Inbox, Port } from './inbox/inbox.ts'
import { sealedPort } from './inbox/seal.ts'
import { createSilence, createWrites } from './observe/last-heard.ts'
import { createAdmit } from './receive/admit.ts'
import { createConflictWatch } from './receive/conflict.ts'
import { createErasure } from './receive/erasure.ts'
import { createExplainer } from './receive/explainer.ts'
import type { ReceiveContext } from './receive/identify.ts'
import { stripper } from './receive/strip.ts'
import type {
  Changed,
  InboxView,
  ReplayOptions,
  SubscriptionStats,
  TaskFilter,
} from './inbox/view.ts'
import { UNHANDLED } from './subscribe/subscription.ts'
import { createDelivery, headOnly, ownDelivery } from './receive/http-delivery.ts'

/**
 * Creates a receiver. Data from the network never makes the receiver throw.
 *
 * @example
 * const receiver = createReceiver({ provider: github({ secret: process.env.GITHUB_WEBHOOK_SECRET! }) })
 * receiver.on('issues.opened', async (event) => console.log(event.id, event.topic))
 */
export function createReceiver<
  Events extends EventMap = EventMap,
  Commit extends AnyCommit = AnyCommit,
>(options: ReceiverOptions<Events, Commit>): Receiver<Events, Commit> {
  const settings = checkReceiver(options)
  const { provider, name, inbox, limits, observer, now, seal, keepBody } = settings
  const { onUnhandled, worker, dedupe, journal, silentAfter: limit } = settings
  const subscribing = createSubscribing(name, inbox, () => started)
  const { subscriptions, answers, deadListeners } = subscribing
  const writes = createWrites()
  const recorder = createLazyRecorder({
    ...settings,
    receiver: name,
    kept: journal ? settings.rejectedBodies : undefined,
    failed: writes.failed,
    warn,
  })
  const erasure =
    keepBody && inbox.view
      ? createErasure({ receiver: name, view: inbox.view, keepBody, seal, warn })
      : undefined
  const consumer = createConsumer({
    ...settings,
    receiver: name,
    inbox: inbox.name,
    retrySpan: provider.retrySpan ?? 0,
    failed: writes.failed,
    subscriptions,
    recorder,
    erasure,
    deadListeners,
  })
  const attached = seal
    ? sealedPort(seal, consumer, (sealing) => inbox.attach(sealing))
    : inbox.attach(consumer)
  const port: Port = {
    ...attached,
    accept(intake, host) {
      // In a transaction, `host` also has members that the app passed to `accept`, so `host` is checked again.
      if (host.transaction) checkTransaction(host, inbox.name)
      return attached.accept(intake, host)
    },
  }
  const silence = createSilence(settings)
  let conflicts: ReturnType<ReceiveContext['conflicts']>
  const context: ReceiveContext = {
    ...settings,
    receiver: name,
    port,
    answers,
    recorder,
    silence,
    writes,
    explainer:
      settings.explain === undefined ? undefined : createExplainer(settings, settings.explain),
    // This is a function, because observers with `idConflict` can be added later.
    conflicts: () =>
      observer.idConflict && inbox.view
        ? (conflicts ??= createConflictWatch(name, inbox.view, now, seal))
        : undefined,
    isDeaf,
    subscriptionsOf: (event) => subscriptions.match(event),
    strip: stripper(provider.credentials),
    admit: createAdmit({ ...settings, ensureOpen }),
  }
  const version = createVersionNote(settings)
  const closeListeners = new Set<(until: number) => unknown>()
  let working = false
  let started = false
  let closed = false
  let asked: (() => Promise<Health>) | undefined

  const { view } = inbox
  const ofThis = ({ receiver }: SubscriptionStats): boolean => receiver === name
  const detach = settings.attach({
    name,
    provider: provider.name,
    observe: settings.observe,
    ...(view && { stats: async () => (await view.stats()).filter(ofThis) }),
  })
  const checkTopics = warnAtStart(settings, () => subscribing.topics(), warn)
  const trusted = inbox.records && keepTrusted(provider, name, inbox.records, warn)
  if (worker === true) outsideRequests(startWorker)

  const receiver: Receiver<Events, Commit> = {
    name,
    provider: provider as Provider<Events>,
    limits,
    settings: { inbox, dedupe, onUnhandled, worker, journal, silentAfter: limit, now },
    subscribes: (topic, aliases = []) =>
      subscriptions.match({ topic, aliases, payload: undefined }).length > 0,
    answers: (topic, aliases = []) => answers.match(topic, aliases) !== undefined,
    on: chained(subscribing.on),
    onAny: chained(subscribing.onAny),
    onDead: chained(subscribing.onDead),
    answer: chained(subscribing.answer),
    admit: (head) => context.admit(createDelivery(head, limits, provider)),
    receive(delivery, host = {}) {
      try {
        checkTransaction(host, inbox.name)
        return receive(context, ownDelivery(delivery, limits, provider), host)
      } catch (error) {
        return Promise.reject(error as Error)
      }
    },
    fetch: (request, host) =>
      typeof Object(request).headers?.get !== 'function'
        ? Promise.reject(new TypeError(`fetch: request must be a Request, got ${kindOf(request)}`))
        : fetchEntry
          ? fetchEntry(request, host)
          : loadFetch(request, host),
    reject: (request, error) => reject(context, headOnly(request, limits, provider), error),
    ingest: async (given, entry = {}) =>
      (await import('./receive/ingest.ts')).ingest(context, given, entry),
    async startWorker() {
      if (!port.work)
        throw new TypeError(
          `startWorker: ${inbox.name} runs the handlers inside the request; remove the call`,
        )
      startWorker()
    },
    async runDue(given = {}) {
      if (!port.drain)
        throw new TypeError(
          `runDue: ${inbox.name} runs the handlers inside the request; remove the call`,
        )
      const { until, max, last } = checkRunDue(given)
      ensureOpen()
      if (worker === 'onDemand')
        await (await import('./receiver/progress.ts')).drainBegan(inbox, name, now())
      const drained = await port.drain(toWall(until), max, last)
      await recorder?.flush()
      await erasure?.flush(until)
      return drained
    },
    async health() {
      const { createHealth } = await import('./receiver/health.ts')
      asked ??= createHealth({
        ...settings,
        port,
        writes,
        silence,
        isOpen: () => !closed,
        isDeaf,
        subscriptions,
      })
      return asked()
    },
    replay: async (filter, given) => replayOf(viewOf(inbox), name, filter, given),
    tasks: async (filter) => (await viewOf(inbox).list({ ...filter, receiver: name })).rows,
    observe(observer) {
      checkObject('observe: observer', observer)
      return settings.observe(observer)
    },
    observer,
    onClose(listener) {
      checkFunction('onClose: listener', listener)
      if (closed) throw new WebhookError('receiver_closed', { problem: 'closed' })
      closeListeners.add(listener)
      return () => void closeListeners.delete(listener)
    },
    async close(closing = {}) {
      unknownOptions('close', closing, ['timeout'])
      closed = true
      silence.stop()
      const until = performance.now() + milliseconds(closing.timeout ?? '10s', 'close: timeout')
      const told = [
        version.noted(),
        ...[...closeListeners].map(async (listener) => listener(until)),
      ]
      await Promise.all([settledBy(Promise.allSettled(told), until), port.close(toWall(until))])
      await recorder?.close()
      await trusted?.close()
      await erasure?.close(until)
      detach()
      if (settings.ownInbox) await inbox.close()
    },
  } as Receiver<Events, Commit>
  // This getter is defined separately: with a getter in the literal, V8 would keep the receiver as a slow dictionary.
  Object.defineProperty(receiver, 'topics', { enumerable: true, get: () => subscribing.topics() })
  let fetchEntry: Receiver['fetch'] | undefined
  return receiver

  function chained<Args extends readonly unknown[]>(call: (...args: Args) => void) {
    return (...args: Args): typeof receiver => {
      call(...args)
      return receiver
    }
  }

  function ensureOpen(): void {
    if (closed) throw new WebhookError('receiver_closed', { problem: 'closed' })
    if (started) return
    // Without a subscription, an answer and `onUnhandled`, every delivery is rejected. So the receiver does not start,
    // and the app may still call `on`.
    if (isDeaf()) return
    if (worker === true) startWorker()
    checkTopics()
    version.note()
    started = true
  }

  function isDeaf(): boolean {
    return !settings.unhandledMeant && subscriptions.all.length === 0 && !answers.any()
  }

  // The module is loaded on demand: platforms on node:http never call `fetch`.
  async function loadFetch(...request: Parameters<Receiver['fetch']>): Promise<Response> {
    const { createFetch } = await import('./fetch.ts')
    fetchEntry ??= createFetch(receiver)
    return fetchEntry(...request)
  }

  function startWorker(): void {
    if (closed || working || isTool()) return
    working = true
    checkTopics()
    version.note()
    recorder?.start()
    erasure?.start()
    silence.start()
    port.work?.()
    if (onUnhandled === 'store' && subscriptions.all.length > 0)
      dueNow(viewOf(inbox), name, () => closed).catch((error: unknown) =>
        warn(`stored events could not be read: ${String(error)}`),
      )
  }

  function warn(message: string): void {
    observer.warning?.(name, message)
  }
}

/**
 * Warns about risky settings. Returns a function that warns about handlers whose topics look like typos; call it once
 * all handlers are added.
 */
function warnAtStart(
  settings: CheckedOptions,
  patterns: () => readonly string[],
  warn: (message: string) => void,
): () => void {
  const { inbox, provider, dedupe } = settings
  if (!inbox.can.durable && inbox.view && nodeEnv() === 'production')
    warn(
      `${inbox.name} forgets acknowledged events when this process ends, and NODE_ENV is production: use sqliteInbox (@postern/sqlite), or bullmqInbox or postgresInbox`,
    )
  if (dedupe === 'none' || (dedupe === 'id' && provider.ids === false))
    warn(
      `nothing is deduplicated: ${dedupe === 'none' ? "dedupe is 'none'" : `events of ${provider.name} have no id; set the id option of the provider, or dedupe: 'digest'`}`,
    )
  const checked = new Set<string>()
  return () => {
    const { name, topics = [] } = provider
    const fresh = patterns().filter((pattern) => !checked.has(pattern))
    if (topics.length === 0 || fresh.length === 0) return
    for (const pattern of fresh) checked.add(pattern)
    void import('./receiver/topic-typos.ts').then(({ topicTypos }) =>
      topicTypos(name, fresh, topics).forEach(warn),
    )
  }
}

function viewOf({ name, view }: Pick<Inbox, 'name' | 'view'>): InboxView {
  if (!view) throw new TypeError(`${name} ${NO_VIEW}; use an inbox that stores tasks`)
  return view
}

async function replayOf(
  view: InboxView,
  receiver: string,
  filter: TaskFilter,
  options: ReplayOptions = {},
): Promise<Changed> {
  if (typeof filter !== 'object' || filter === null)
    throw new TypeError(
      `replay: filter must be an object, got ${String(filter)}; give {} for all dead tasks of this receiver`,
    )
  const changed = await view.replay({ ...filter, receiver }, options)
  return typeof changed === 'number' ? { count: changed, cursor: undefined } : changed
}

/**
 * Makes all events that wait without a subscription due immediately, since this process may have a handler for them.
 */
async function dueNow(view: InboxView, receiver: string, closed: () => boolean): Promise<void> {
  const waiting = { subscription: UNHANDLED, state: 'pending' as const }
  let cursor: string | undefined
  do {
    ;({ cursor } = await replayOf(view, receiver, waiting, { ...(cursor && { cursor }) }))
  } while (cursor !== undefined && !closed())
}
