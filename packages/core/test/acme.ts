import { createReceiver, memoryInbox } from '../src/index.ts'
import type { Inbox, Port } from '../src/inbox/inbox.ts'
import { hmac, provider } from '../src/provider/index.ts'
import type { Receiver, ReceiverOptions, Reply, SecretOption } from '../src/index.ts'
import type { Draft, EventDraft, Provider, ProviderSpec, Scheme } from '../src/provider/index.ts'
import { hear, type Heard } from './hear.ts'

type Options = Readonly<Record<string, SecretOption | boolean | undefined>>

export type AcmeSpec = Omit<Partial<ProviderSpec<Options>>, 'scheme' | 'secret' | 'options'> & {
  readonly scheme?: Scheme<never>
  /** All options of the provider, in place of `secret`. */
  readonly given?: Options
  readonly secret?: SecretOption
}

/** Creates a provider for tests: it signs the body with HMAC, and has topic and id in headers. */
export function acme(changes: AcmeSpec = {}): Provider {
  // A default value in the pattern would replace an undefined `secret`.
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

/** Creates a provider whose bodies are lists of events. */
export function batches(): Provider {
  return acme({ events: (_, body) => body.value as EventDraft[] })
}

/** A receiver with a recording observer. `send` delivers what its provider signs. */
export interface Setup {
  readonly receiver: Receiver
  readonly heard: Heard
  readonly send: (draft?: Draft) => Promise<Reply>
}

/** Creates a receiver, by default of {@link acme}, that does not log. */
export function setup(options: Partial<ReceiverOptions> = {}): Setup {
  const heard = hear()
  const provider = options.provider ?? acme()
  const receiver = createReceiver({
    log: false,
    // Most tests subscribe to nothing.
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

/** Creates a {@link setup} with a handler for `ping` that does nothing. */
export function pinged(options: Partial<ReceiverOptions> = {}): Setup {
  const made = setup(options)
  made.receiver.on('ping', () => {})
  return made
}

/** Creates an inbox that keeps no tasks. */
export function bareInbox(accept: Port['accept']): Inbox {
  return {
    name: 'bareInbox',
    can: { order: false, transaction: false, durable: true, fair: false, search: 'scan' },
    dedupeWindow: 86_400_000,
    attach: () => ({ accept, close: async () => {} }),
    close: async () => {},
  }
}

/** Creates an inbox in memory that claims to be durable. */
export function durableInbox(more: Partial<Inbox> = {}): Inbox {
  const inbox = memoryInbox()
  return { ...inbox, can: { ...inbox.can, durable: true }, ...more }
}

export function codeOf(reply: Reply): unknown {
  return reply.headers?.['content-type'] === 'application/problem+json'
    ? (JSON.parse(String(reply.body)) as { code: unknown }).code
    : undefined
}

export function throwing(error: unknown): () => never {
  return () => {
    throw error
  }
}

/** Creates a promise that the test settles, so that a handler ends when the test wants it. */
export function gate<T = void>(): {
  readonly opened: Promise<T>
  open(value: T): void
  fail(error: unknown): void
} {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  return { opened: promise, open: resolve, fail: reject }
}
