import {
  createReceiver,
  UnrecoverableError,
  type Task,
  type WebhookEvent,
  createDelivery,
  type Duration,
  type Json,
  type Observer,
  type Receiver,
} from '@postern/core'
import { createTopicTable, stringifyJson } from '@postern/core/internal'
import { unknownOptions, createSeal, type KeyOption } from '@postern/core/engine'
import type { Changed, Host, Inbox, ReplayOptions, TaskFilter, TaskInfo } from '@postern/core/inbox'
import { createCaller } from './caller.ts'
import { createGuard } from '@postern/core/guard'
import { compose } from './message.ts'
import { CALL_OPTIONS, checkCalls, type CallOptions } from './options.ts'
import {
  createRegistry,
  checkId,
  type DestinationCredentials,
  type KeptDestination,
  type Registration,
} from './registry.ts'
import { signer } from './signer.ts'
import { randomUUID } from 'node:crypto'
import type { Provider, Result } from '@postern/core/scheme'

/** Options of {@link createSender}. */
export interface SourceOptions extends CallOptions {
  /** Name that is unique among the receivers and senders of its inbox, and stable across restarts. */
  readonly name: string
  /** Inbox that stores messages until delivery, and destinations. The inbox must have `records`. */
  readonly inbox: Inbox
  /** Key that encrypts the stored signing secrets of destinations. */
  readonly key: KeyOption
  /** Type of new secrets: `v1` for HMAC, `v1a` for an Ed25519 key pair. @default 'v1' */
  readonly sign?: 'v1' | 'v1a'
  /**
   * Called when a destination answers 410. The destination gets no more messages until you register it again with
   * `replace`.
   */
  readonly onGone?: (destination: RegisteredDestination) => unknown
  /** Observers in addition to the logger. */
  readonly observers?: readonly Observer[]
  /** Logger: an observer, or false for none. @default logger(), to the console */
  readonly log?: Observer | false
  /** False if another process delivers and calls `source.startWorker()`. @default true */
  readonly worker?: boolean
}

/** Registered destination, without its secrets. */
export interface RegisteredDestination {
  readonly id: string
  readonly url: string
  readonly topics: readonly string[]
  /** Time when the destination answered 410, in milliseconds since 1970. */
  readonly gone: number | undefined
}

/** Message to send. */
export interface Message {
  readonly topic: string
  /** JSON value. The body is `{ type: topic, timestamp, data: payload }`. */
  readonly payload: unknown
  /**
   * Id of the message, sent as `webhook-id` to all destinations. A second message with the same id is dropped. @default
   * a new id
   */
  readonly id?: string
  /** Ids of the destinations that may get the message, if they are registered for the topic. @default all */
  readonly to?: string | readonly string[]
}

/** Sender of webhooks. */
export interface WebhookSource {
  readonly name: string
  /**
   * Adds a destination or, with `replace`, replaces an existing one. Returns the key that verifies its signatures.
   *
   * @throws {DestinationRejected} if the URL is not allowed or the id is in use.
   */
  register(registration: Registration): Promise<DestinationCredentials>
  /**
   * Gives a destination a new secret. Returns the key that verifies its signatures. During the overlap, messages are
   * also signed with the old secret.
   */
  rotate(
    id: string,
    options?: {
      /** New secret. @default a random one */
      readonly secret?: string
      /** Time during which both secrets sign. @default '24h' */
      readonly overlap?: Duration
    },
  ): Promise<DestinationCredentials>
  /**
   * Removes a destination. Messages that wait for this destination become dead at their next attempt. Returns false if
   * the id was not registered.
   */
  unregister(id: string): Promise<boolean>
  destinations(): Promise<readonly RegisteredDestination[]>
  /**
   * Stores a message, which is then delivered. Returns the id, and whether a message with this id was already known.
   * Rejects with a `WebhookError` if the inbox is full or down. To store the message only if a transaction commits,
   * give `inTransaction(connection)` as `host`. The package of the inbox, such as @postern/postgres, exports
   * `inTransaction`.
   */
  emit(message: Message, host?: Host): Promise<{ readonly id: string; readonly known: boolean }>
  /** Registers a listener that is called when a message to a destination becomes dead. */
  onDead: (listener: Parameters<Receiver['onDead']>[0]) => void
  /** Makes dead tasks pending again and returns their number. */
  replay(filter: TaskFilter, options?: ReplayOptions): Promise<Changed>
  /** Lists messages to send, one task per destination. */
  tasks(filter?: TaskFilter & { readonly limit?: number }): Promise<readonly TaskInfo[]>
  /** Starts delivery in this process, after `worker: false`. */
  startWorker(): Promise<void>
  /** Rejects further messages, waits for running calls and leaves the rest pending. The inbox stays open. */
  close(options?: { /** @default '10s' */ readonly timeout?: Duration }): Promise<void>
}

/**
 * Creates a sender of webhooks. Messages are stored in an inbox and delivered to the destinations that are registered
 * for their topic, signed by Standard Webhooks. Each destination has its own task, which is retried, dead-lettered and
 * replayable. If several processes share the inbox, any of them delivers.
 *
 * @throws {TypeError} if an option is wrong; the message names the option.
 * @example
 * const source = createSender({ name: 'bank', inbox, key: process.env.WEBHOOK_KEY! })
 * const { secret } = await source.register({ url: 'https://shop.example/hooks', topics: 'card.*' })
 * await source.emit({ topic: 'card.charged', payload: { amount: '12.50' } })
 */
export function createSender(options: SourceOptions): WebhookSource {
  unknownOptions('createSender', options, OPTIONS)
  const { name, inbox, onGone, sign = 'v1', log, observers, worker } = options
  if (typeof name !== 'string' || name.trim() === '')
    throw new TypeError('name must be a string that is not empty')
  if (!inbox?.records)
    throw new TypeError(
      `inbox: ${inbox?.name ?? 'none'} has no records to keep destinations in; use sqliteInbox, postgresInbox, mysqlInbox, bullmqInbox or memoryInbox`,
    )
  if (sign !== 'v1' && sign !== 'v1a') throw new TypeError(`sign must be v1 or v1a`)
  const settings = checkCalls(options)
  const { now } = settings
  const guard = createGuard(options)
  const registry = createRegistry({
    source: name,
    records: inbox.records,
    seal: createSeal(options.key),
    guard,
    version: sign,
    now,
  })
  const caller = createCaller(guard, settings)
  const emitter = createEmitter(inbox.name, now)
  const receiver = createReceiver({
    name,
    inbox,
    provider: emitter.provider,
    clock: { now },
    ...(log !== undefined && { log }),
    ...(observers && { observers }),
    ...(worker !== undefined && { worker }),
  })
  receiver.onAny(
    {
      name: 'destinations',
      retry: settings.retry,
      concurrency: settings.total,
      timeout: settings.timeout + 15_000,
    },
    (event, task) =>
      task.part === undefined ? fanOut(event, task) : deliver(event, task, task.part),
  )

  return {
    name,
    register: (registration) => registry.register(registration),
    rotate: (id, { secret, overlap = '24h' } = {}) => registry.rotate(id, secret, overlap),
    unregister: (id) => registry.unregister(id),
    destinations: async () => [...(await registry.all())].map(([id, kept]) => shown(id, kept)),
    async emit(message, host) {
      await checkTo(message.to)
      return emitter.emit(receiver, message, host)
    },
    onDead: (listener) => void receiver.onDead(listener),
    replay: (filter, options) => receiver.replay(filter, options),
    tasks: (filter) => receiver.tasks(filter),
    startWorker: () => receiver.startWorker(),
    async close(closing) {
      await receiver.close(closing)
      await caller.close()
    },
  }

  async function checkTo(to: Message['to']): Promise<void> {
    for (const id of typeof to === 'string' ? [to] : (to ?? []))
      if (!(await registry.get(id)))
        throw new TypeError(
          `to: no destination is registered as ${JSON.stringify(id)}; destinations() lists the registered ones`,
        )
  }

  async function fanOut(event: WebhookEvent, task: Task): Promise<void> {
    const wanted = (event.context as { readonly to?: readonly string[] } | undefined)?.to
    const table = createTopicTable<string>(1)
    for (const [id, { topics, gone }] of await registry.all())
      if (gone === undefined && (!wanted || wanted.includes(id))) table.add(topics, id)
    task.spawn(table.match(event.topic).map((id) => ({ part: id })))
  }

  async function deliver(event: WebhookEvent, task: Task, id: string): Promise<void> {
    const kept = await registry.get(id)
    if (!kept) throw new UnrecoverableError(`${id} is not registered any more`)
    if (kept.gone !== undefined) throw new UnrecoverableError(`${id} answered 410 before`)
    const outcome = await caller.call({
      destination: id,
      task,
      passes: () => false,
      message: () =>
        compose({
          event,
          url: guard.url(kept.url),
          id: event.id!,
          content: undefined,
          passes: () => false,
          signer: signer({ secret: registry.secrets(id, kept) }),
          now: now(),
        }),
    })
    if (outcome === 'delivered') return
    if (!(await registry.leave(id, kept.url)))
      throw new Error(`${id} answered 410 at its URL before the new registration`)
    await onGone?.(shown(id, { ...kept, gone: now() }))
    throw new UnrecoverableError(`${id} answered 410, so it accepts no more events`)
  }
}

const OPTIONS: readonly (keyof SourceOptions)[] = [
  ...CALL_OPTIONS,
  'name',
  'inbox',
  'key',
  'sign',
  'onGone',
  'observers',
  'log',
  'worker',
]

function shown(id: string, { url, topics, gone }: KeptDestination): RegisteredDestination {
  return { id, url, topics, gone }
}

/** Passes messages to the sender's receiver, which no other code can reach. */
function createEmitter(inbox: string, now: () => number) {
  // Results by the body of the message. The receiver creates its own delivery object, but keeps the body.
  const results = new WeakMap<Uint8Array, Result>()
  const provider: Provider = {
    name: 'source',
    covers: { body: 'none' },
    // Nothing needs to be verified, because only `emit` below creates deliveries for this receiver.
    verify: () => undefined,
    events: (delivery, body) => [
      {
        id: delivery.header('webhook-id'),
        topic: delivery.header('topic') ?? '',
        payload: body.value,
      },
    ],
    reply(result, delivery) {
      results.set(delivery.body, result)
      return undefined
    },
  }

  return {
    provider,
    async emit(
      receiver: Receiver,
      message: Message,
      host: Host | undefined,
    ): ReturnType<WebhookSource['emit']> {
      const { topic, payload } = message
      const id = checkId('emit', message.id ?? `msg_${randomUUID().replaceAll('-', '')}`)
      if (typeof topic !== 'string' || topic.trim() === '')
        throw new TypeError(
          `emit: topic must be a string that is not empty, got ${JSON.stringify(topic)}`,
        )
      if (payload === undefined)
        throw new TypeError('emit: payload must be a JSON value, got undefined')
      if (host) checkTransaction(host, inbox)
      const to = typeof message.to === 'string' ? [message.to] : message.to
      const delivery = createDelivery(
        {
          url: `postern:${receiver.name}`,
          headers: { 'content-type': 'application/json', 'webhook-id': id, topic },
          body: stringifyJson({
            type: topic,
            timestamp: new Date(now()).toISOString(),
            data: payload,
          }),
          ...(to && { context: { to } satisfies Json }),
        },
        receiver.limits,
      )
      await receiver.receive(delivery, host)
      const result = results.get(delivery.body)
      if (result?.kind === 'rejected') throw result.error
      return { id, known: result?.kind === 'duplicate' }
    },
  }
}

// An inbox ignores transactions of other inboxes: the message would be stored even after a rollback.
function checkTransaction(host: Host, inbox: string): void {
  const prefix = 'postern.transaction.'
  for (const { description = '' } of Object.getOwnPropertySymbols(host))
    if (description.startsWith(prefix) && description !== prefix + inbox)
      throw new TypeError(
        `inTransaction: the transaction is of ${description.slice(prefix.length)}, but messages are stored in ${inbox}; use a transaction of ${inbox}`,
      )
}
