import {
  createReceiver,
  UnrecoverableError,
  type Task,
  type WebhookEvent,
  createDelivery,
  type Json,
  type Receiver,
} from '@postern/core'
import { createTopicTable, stringifyJson } from '@postern/core/internal'
import { unknownOptions, createSeal } from '@postern/core/engine'
import type { Host } from '@postern/core/inbox'
import { createCaller } from './caller.ts'
import { createGuard } from '@postern/core/guard'
import { compose } from './message.ts'
import { CALL_OPTIONS, checkCalls } from './options.ts'
import { createRegistry, checkId } from './registry.ts'
import { signer } from './signer.ts'
import type {
  KeptDestination,
  Message,
  RegisteredDestination,
  WebhookSource,
  SourceOptions,
} from './source-types.ts'
import { randomUUID } from 'node:crypto'
import type { Provider, Result } from '@postern/core/scheme'

/**
 * Makes your app a source of webhooks. Messages are stored in an inbox and delivered to the destinations registered for
 * their topic, signed by Standard Webhooks. Each destination has a task, which is retried, dead-lettered and replayable.
 * With an inbox that several processes share, any of them delivers. Bad options throw a `TypeError` that names them.
 *
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
      `inbox: ${inbox?.name ?? 'none'} has no records to keep destinations in: sqliteInbox, bullmqInbox, postgresInbox and memoryInbox have`,
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
          `to: no destination is registered as ${JSON.stringify(id)}; destinations() lists those there are`,
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
    throw new UnrecoverableError(`${id} answered 410: it accepts no more`)
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

/** Hands the messages of a source to its receiver, which nothing else can reach. */
interface Emitter {
  readonly provider: Provider
  /** Stores a message; rejects with the error of the receiver. */
  emit(
    receiver: Receiver,
    message: Message,
    host: Host | undefined,
  ): Promise<{ readonly id: string; readonly known: boolean }>
}

/** Makes an emitter for the inbox of that name. */
function createEmitter(inbox: string, now: () => number): Emitter {
  // By the body: the receiver makes a delivery of its own from the parts of the one it is given.
  const results = new WeakMap<Uint8Array, Result>()
  const provider: Provider = {
    name: 'source',
    covers: { body: 'none' },
    // Nothing is verified: all its deliveries are made below, and no other code has the receiver.
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
    async emit(receiver, message, host) {
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

// An inbox ignores hosts of other inboxes: the message would be stored even if the transaction rolls back.
function checkTransaction(host: Host, inbox: string): void {
  const prefix = 'postern.transaction.'
  for (const { description = '' } of Object.getOwnPropertySymbols(host))
    if (description.startsWith(prefix) && description !== prefix + inbox)
      throw new TypeError(
        `inTransaction: the transaction is of ${description.slice(prefix.length)}, and messages are kept in ${inbox}`,
      )
}
