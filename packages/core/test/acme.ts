import { createReceiver, memoryInbox } from '../src/index.ts'
import type { Inbox, Port } from '../src/inbox/inbox.ts'
import { hmac, provider } from '../src/provider/index.ts'
import type { Receiver, ReceiverOptions, Reply, SecretOption } from '../src/index.ts'
import type { Draft, EventDraft, Provider, ProviderSpec, Scheme } from '../src/provider/index.ts'
import { hear, type Heard } from './hear.ts'

type Options = Readonly<Record<string, SecretOption | boolean | undefined>>

/** What a test may change of {@link acme}. */
export type AcmeSpec = Omit<Partial<ProviderSpec<Options>>, 'scheme' | 'secret' | 'options'> & {
  readonly scheme?: Scheme<never>
  /** The options; those of nothing else but a `secret` by default. */
  readonly given?: Options
  readonly secret?: SecretOption
}

/** A sender made up for the tests: HMAC over the body, topic and id in headers. */
export function acme(changes: AcmeSpec = {}): Provider {
  // Not a default value, which would stand in for a secret that is undefined.
  const { secret, scheme, given, ...spec } = { secret: 'acme-secret', ...changes }
  const options = given ?? { secret }
  const names = Object.keys(options)
  return provider<Options>({
    name: 'acme',
    options: Object.fromEntries(names.map((name) => [name, name])),
    secret: names[0]!,
    scheme: () => (scheme ?? hmac({ header: 'X-Acme-Signature' })) as Scheme,
    events: (delivery, body) => [
      {
        id: delivery.header('x-acme-id'),
        topic: delivery.header('x-acme-topic') ?? '',
        payload: body.value,
      },
    ],
    compose: ({ id, topic = 'ping' }) => ({
      headers: { 'x-acme-topic': topic, ...(id !== undefined && { 'x-acme-id': id }) },
    }),
    ...spec,
  })(options)
}

/** A sender of batches: the body is a list of events. */
export function batches(): Provider {
  return acme({ events: (_, body) => body.value as EventDraft[] })
}

/** A receiver with ears, and a way to send it what its provider would sign. */
export interface Setup {
  readonly receiver: Receiver
  readonly heard: Heard
  readonly send: (draft?: Draft) => Promise<Reply>
}

/** A receiver of {@link acme}, without a log. */
export function setup(options: Partial<ReceiverOptions> = {}): Setup {
  const heard = hear()
  const provider = options.provider ?? acme()
  const receiver = createReceiver({
    log: false,
    // Most tests are about the delivery, and subscribe to nothing.
    onUnhandled: 'acknowledge',
    ...options,
    provider,
    observers: [heard.observer, ...(options.observers ?? [])],
  })
  return {
    receiver,
    heard,
    send: (draft = {}) => receiver.receive(provider.sign!({ payload: {}, ...draft })),
  }
}

/** The same with a handler for `ping` that does nothing. */
export function pinged(options: Partial<ReceiverOptions> = {}): Setup {
  const made = setup(options)
  made.receiver.on('ping', () => {})
  return made
}

/** An inbox that keeps no tasks, and accepts as told. */
export function bareInbox(accept: Port['accept']): Inbox {
  return {
    name: 'bareInbox',
    can: { order: false, transaction: false, durable: true, fair: false, search: 'scan' },
    dedupeWindow: 86_400_000,
    attach: () => ({ accept, close: async () => {} }),
    close: async () => {},
  }
}

/** An inbox in memory that says that other processes read it too. */
export function durableInbox(more: Partial<Inbox> = {}): Inbox {
  const inbox = memoryInbox()
  return { ...inbox, can: { ...inbox.can, durable: true }, ...more }
}

/** The code in a problem reply. */
export function codeOf(reply: Reply): unknown {
  return reply.headers?.['content-type'] === 'application/problem+json'
    ? (JSON.parse(String(reply.body)) as { code: unknown }).code
    : undefined
}

/** A function that throws. */
export function throwing(error: unknown): () => never {
  return () => {
    throw error
  }
}

/** A promise and what settles it: a handler that ends when the test says so. */
export function gate<T = void>(): {
  readonly opened: Promise<T>
  open(value: T): void
  fail(error: unknown): void
} {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  return { opened: promise, open: resolve, fail: reject }
}
