import { createDelivery, ownDelivery } from './delivery.ts'
import { milliseconds } from './basics/duration.ts'
import { WebhookError } from './errors.ts'
import type { EventMap } from './event.ts'
import type { Inbox } from './inbox/inbox.ts'
import { settledBy, toWall } from './basics/deadline.ts'
import { sealedPort } from './inbox/sealed-port.ts'
import type { Provider } from './provider/provider.ts'
import { createAdmit } from './receive/admit.ts'
import { observedReceiver } from './receiver/observed-receiver.ts'
import type { AnswerOptions } from './receive/reply/answer.ts'
import { refuse } from './receive/conclude.ts'
import { createConflictWatch } from './receive/conflict.ts'
import { createErasure } from './receive/erasure.ts'
import type { Health } from './receiver/health.ts'
import type { Line } from './receive/line.ts'
import { receive } from './receive/receive.ts'
import { createRecorder } from './observe/recorder-later.ts'
import { createExplainer } from './receive/explainer.ts'
import { createSilence } from './observe/silence.ts'
import { stripper } from './receive/strip.ts'
import { keepTrusted } from './receiver/trusted.ts'
import { checkDrain, checkReceiver, warnAtStart } from './receiver/receiver-options.ts'
import type { Receiver, ReceiverOptions } from './receiver/receiver-types.ts'
import { createConsumer } from './subscribe/run/consumer.ts'
import { createSubscribing } from './subscribe/subscribing.ts'
import { UNHANDLED } from './subscribe/subscription.ts'
import { isTool } from './receiver/tool.ts'
import { createWrites } from './receive/writes.ts'
import { unknownOptions } from './basics/unknown-options.ts'

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
  const settings = checkReceiver(options)
  const { provider, name, inbox, limits, observer, now, monotonic } = settings
  const { onUnhandled, work, dedupe, journal } = settings
  const subscribing = createSubscribing({ name, inbox, started: () => started })
  const { subscriptions, answers, deadListeners } = subscribing
  if (onUnhandled === 'store' && !inbox.view)
    throw new TypeError(`onUnhandled: ${inbox.name} stores nothing; use 'acknowledge' or 'refuse'`)
  const strip = stripper(provider.credentials)
  const recorder = createRecorder({
    receiver: name,
    inbox,
    kept: journal ? settings.refusedBodies : undefined,
    seal: settings.seal,
    provider,
    now,
    monotonic,
    warn,
  })
  const { seal, keepBody } = settings
  const erasure =
    keepBody && inbox.view
      ? createErasure({ receiver: name, view: inbox.view, keepBody, seal, warn })
      : undefined
  const consumer = createConsumer({
    receiver: name,
    inbox: inbox.name,
    retrySpan: provider.retrySpan ?? 0,
    subscriptions,
    observer,
    recorder,
    erasure,
    now,
    monotonic,
    fairBy: settings.fairBy,
    deadListeners,
  })
  const port = seal
    ? sealedPort(seal, consumer, (sealing) => inbox.attach(sealing))
    : inbox.attach(consumer)
  let working = false
  let started = false
  let closed = false
  let conflicts: Line['conflicts']
  const admit = createAdmit({ provider, limits, now, monotonic, open, lenient: settings.lenient })
  const closeListeners = new Set<(until: number) => unknown>()
  const silence = createSilence({ name, limit: settings.silence, now, observer })

  const writes = createWrites()
  let asked: (() => Promise<Health>) | undefined

  const line: Line = {
    ...settings,
    receiver: name,
    port,
    answers,
    recorder,
    silence,
    writes,
    explainer:
      settings.explain === undefined
        ? undefined
        : createExplainer({ ...settings, ms: settings.explain }),
    // Observers can be added later.
    get conflicts() {
      return observer.conflict && inbox.view
        ? (conflicts ??= createConflictWatch(name, inbox.view, now, seal))
        : undefined
    },
    subscriptionsOf: (event) => subscriptions.match(event),
    strip,
    admit,
  }

  const detach = settings.attach(observedReceiver(name, provider, inbox, settings.observe))
  warnAtStart(settings, warn)
  const trusted = inbox.records && keepTrusted(provider, name, inbox.records, warn)
  if (work === true) startSoon()

  const receiver: Receiver<Events> = {
    name,
    provider: provider as Provider<Events>,
    limits,
    settings: { inbox, dedupe, onUnhandled, work, journal, silence: settings.silence, now },
    subscribes: (topic, aliases = []) =>
      subscriptions.match({ topic, aliases, payload: undefined }).length > 0,
    get topics() {
      return subscribing.topics()
    },
    on(topics: unknown, ...rest: unknown[]) {
      subscribing.on(topics, ...rest)
      return receiver
    },
    onAny(...rest: unknown[]) {
      subscribing.onAny(...rest)
      return receiver
    },
    onDead(listener) {
      subscribing.onDead(listener)
      return receiver
    },
    answer(topics: unknown, answer: unknown, given?: AnswerOptions) {
      subscribing.answer(topics, answer, given)
      return receiver
    },
    admit: (head) => admit(createDelivery(head, limits, provider)),
    receive(delivery, host = {}) {
      try {
        return receive(line, ownDelivery(delivery, limits, provider), host)
      } catch (error) {
        return Promise.reject(error as Error)
      }
    },
    fetch: (request, host) => (fetchEntry ? fetchEntry(request, host) : loadFetch(request, host)),
    refuse: (request, error) => refuse(line, { ...request, body: EMPTY }, error),
    take: async (given, entry = {}) => (await import('./receive/take.ts')).take(line, given, entry),
    async work() {
      if (!port.work)
        throw new TypeError(
          `${inbox.name} runs the handlers inside the request: there is nothing to work on`,
        )
      startWorker()
    },
    async drain(given = {}) {
      if (!port.drain)
        throw new TypeError(`drain: ${inbox.name} runs the handlers inside the request`)
      const { until, max, last } = checkDrain(given)
      open()
      if (work === 'drain')
        await (await import('./receiver/progress.ts')).drainBegan(inbox, name, now())
      const drained = await port.drain(toWall(until), max, last)
      await recorder?.flush()
      await erasure?.flush(until)
      return drained
    },
    async health() {
      const { createHealth } = await import('./receiver/health.ts')
      asked ??= createHealth({
        name,
        inbox,
        port,
        writes,
        silence,
        now,
        monotonic,
        isOpen: () => !closed,
        longest: () => Math.max(0, ...subscriptions.all.map(({ timeout }) => timeout)),
        drains: work === 'drain',
      })
      return asked()
    },
    async replay(filter = {}, options = {}) {
      const changed = await view().replay({ ...filter, receiver: name }, options)
      return typeof changed === 'number' ? { count: changed, cursor: undefined } : changed
    },
    async tasks(filter = {}) {
      const page = await view().list({ ...filter, receiver: name })
      return page.rows
    },
    observe: settings.observe,
    observer,
    onClose(listener) {
      if (closed) throw new WebhookError('closed', { problem: 'closed' })
      closeListeners.add(listener)
      return () => void closeListeners.delete(listener)
    },
    async close(closing = {}) {
      unknownOptions('close', closing, ['timeout'])
      closed = true
      silence.stop()
      const until = performance.now() + milliseconds(closing.timeout ?? '10s', 'close: timeout')
      const told = [...closeListeners].map(async (listener) => listener(until))
      await Promise.all([settledBy(Promise.allSettled(told), until), port.close(toWall(until))])
      await recorder?.close()
      await trusted?.close()
      await erasure?.close(until)
      detach()
      if (settings.ownInbox) await inbox.close()
    },
  } as Receiver<Events>
  let fetchEntry: Receiver['fetch'] | undefined
  return receiver

  function open(): void {
    if (closed) throw new WebhookError('closed', { problem: 'closed' })
    if (!started) start()
  }

  function start(): void {
    if (work === false && subscriptions.all.length === 0 && onUnhandled !== 'store') {
      throw new WebhookError('internal_error', { problem: 'no_subscriptions', got: name })
    }
    if (work === true) startWorker()
    started = true
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
    if (closed || working || isTool()) return
    working = true
    recorder?.start()
    erasure?.start()
    silence.start()
    port.work?.()
    dueNow()
  }

  /** Looks again at stored events without a subscription, since this process may have one for them. */
  function dueNow(): void {
    if (onUnhandled !== 'store' || subscriptions.all.length === 0) return
    void (async () => {
      const waiting = { receiver: name, subscription: UNHANDLED, state: 'pending' as const }
      let cursor: string | undefined
      do {
        const changed = await inbox.view!.replay(waiting, { ...(cursor && { cursor }) })
        cursor = typeof changed === 'number' ? undefined : changed.cursor
      } while (cursor !== undefined && !closed)
    })().catch((error: unknown) => warn(`stored events could not be looked at: ${String(error)}`))
  }

  function warn(message: string): void {
    observer.warning?.(name, message)
  }

  function view(): NonNullable<Inbox['view']> {
    if (!inbox.view) throw new TypeError(`${inbox.name} keeps no tasks to look at`)
    return inbox.view
  }
}

const EMPTY = new Uint8Array(0)
