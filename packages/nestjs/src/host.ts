import {
  type BeforeApplicationShutdown,
  type OnModuleInit,
  Inject,
  SetMetadata,
} from '@nestjs/common'
import type { DiscoveryService, HttpAdapterHost, MetadataScanner } from '@nestjs/core'
import type { Receiver, SubscriptionOptions } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { closeOnSignal, webhook, type ClosableServer, type WebhookOptions } from '@postern/node'
import 'reflect-metadata'
import { receiverToken } from './tokens.ts'

/** Receiver of the app. `path` is `false` if a controller mounts the receiver. */
interface Hosted {
  readonly name: string
  readonly path: string | false
  readonly receiver: Receiver
  readonly options: WebhookOptions
  readonly inbox: Inbox | undefined
}

type Method = (...given: readonly unknown[]) => unknown

interface Wrapper {
  readonly instance: unknown
  readonly metatype: unknown
  isDependencyTreeStatic(): boolean
}

interface ExpressApp {
  all(path: string, handler: unknown): unknown
  readonly router: { readonly stack: unknown[] }
}
interface FastifyApp {
  register(plugin: unknown): PromiseLike<unknown>
}

/** Subscribes, mounts and closes the receivers of one app. */
export class PosternHost implements OnModuleInit, BeforeApplicationShutdown {
  readonly #adapter: HttpAdapterHost
  readonly #discovery: DiscoveryService
  readonly #scanner: MetadataScanner
  readonly #hosted = new Map<string, Hosted>()

  constructor(adapter: HttpAdapterHost, discovery: DiscoveryService, scanner: MetadataScanner) {
    this.#adapter = adapter
    this.#discovery = discovery
    this.#scanner = scanner
  }

  add(hosted: Hosted): void {
    if (this.#hosted.has(hosted.name))
      throw new TypeError(
        `PosternModule.receiver: two receivers are named ${hosted.name}: give each PosternModule.receiver(name, …) a name of its own`,
      )
    this.#hosted.set(hosted.name, hosted)
  }

  find(name: string): Hosted | undefined {
    return this.#hosted.get(name)
  }

  names(): string {
    return [...this.#hosted.keys()].join(', ') || 'none'
  }

  async onModuleInit(): Promise<void> {
    const wrappers = [...this.#discovery.getProviders(), ...this.#discovery.getControllers()]
    for (const wrapper of wrappers) this.#subscribe(wrapper as Wrapper)
    const { httpAdapter } = this.#adapter
    // An app without HTTP mounts nothing: it only runs tasks that other processes accepted.
    if (!httpAdapter) return
    for (const one of this.#hosted.values())
      await mount(httpAdapter.getType(), httpAdapter.getInstance(), one)
  }

  /** Closes server, receivers and inboxes before Nest closes the server and calls `onApplicationShutdown`. */
  async beforeApplicationShutdown(): Promise<void> {
    const all = [...this.#hosted.values()]
    const inboxes = [...new Set(all.flatMap(({ inbox }) => inbox ?? []))]
    const server = this.#adapter.httpAdapter?.getHttpServer() as ClosableServer | undefined
    const receivers = all.map(({ receiver }) => receiver)
    await closeOnSignal({
      ...(server && { server }),
      receivers,
      inboxes,
      exit: false,
      signals: [],
    }).close()
  }

  #subscribe(wrapper: Wrapper): void {
    const { instance, metatype } = wrapper
    const type = instance ? Object.getPrototypeOf(instance) : (metatype as Class | null)?.prototype
    if (typeof type !== 'object' || type === null) return
    for (const name of this.#scanner.getAllMethodNames(type as object)) {
      const method = (type as Record<string, Method>)[name]
      for (const mark of typeof method === 'function' ? marksOf(method) : []) {
        const place = `${((type as object).constructor as Class).name}.${name}`
        if (!wrapper.isDependencyTreeStatic())
          throw new TypeError(
            `${place} handles webhooks and is request-scoped: its events run without a request, so make the provider and what it injects singletons`,
          )
        const hosted = this.#hosted.get(mark.receiver)
        if (!hosted)
          throw new TypeError(
            `${place} names the receiver ${mark.receiver}, and there is none: import PosternModule.receiver('${mark.receiver}', …); there are: ${this.names()}`,
          )
        const call: Method = (...given) => method!.apply(instance, given as unknown[])
        if (mark.kind === 'dead') hosted.receiver.observe({ dead: call })
        else hosted.receiver.on(mark.topic as string, { name: place, ...mark.options }, call)
      }
    }
  }
}

type Class = new (...given: never[]) => object

/** Mounts the route before Nest's parsers, so that the exact bytes are verified. */
async function mount(
  type: string,
  app: unknown,
  { path, receiver, options }: Hosted,
): Promise<void> {
  // If `path` is false, a controller mounts the receiver.
  if (path === false) return
  if (type === 'fastify') {
    const fastify = await import('@postern/fastify').catch((cause: unknown) => {
      throw new TypeError(
        'PosternModule.receiver: the Fastify adapter needs @postern/fastify: npm install @postern/fastify',
        { cause },
      )
    })
    await (app as FastifyApp).register(fastify.webhook(receiver, { ...(options as object), path }))
    return
  }
  if (type !== 'express')
    throw new TypeError(
      `PosternModule.receiver: the HTTP adapter must be Express or Fastify, got ${type}`,
    )
  const { router } = app as ExpressApp
  ;(app as ExpressApp).all(path, webhook(receiver, options))
  // Moves the route to the front, because Nest has already added its parsers.
  router.stack.unshift(router.stack.pop())
}

type Mark =
  | {
      readonly kind: 'webhook'
      readonly receiver: string
      readonly topic: string | readonly string[]
      readonly options: WebhookSubscription
    }
  | { readonly kind: 'dead'; readonly receiver: string }

/** Options of {@link OnWebhook}, the same as for `receiver.on`. @default for `name`: the class and the method */
export type WebhookSubscription = SubscriptionOptions

const MARKS = 'postern:marks'

/**
 * Subscribes a method of a Nest provider or controller to topics of a receiver. The method is called with the event and
 * its task; the task is done when the returned promise resolves. The subscription is named after class and method
 * (`Billing.paid`). Before you rename a class or method while tasks wait, set `name` or `previousNames`. The Nest
 * provider must be a singleton.
 *
 * @example
 * @OnWebhook('stripe', 'invoice.paid', { retry: { attempts: 5 } }) paid(event: WebhookEvent) {}
 */
export function OnWebhook(
  receiver: string,
  topic: string | readonly string[],
  options: WebhookSubscription = {},
): MethodDecorator {
  return marked({ kind: 'webhook', receiver, topic, options })
}

/**
 * Calls a method of a Nest provider for each dead task of a receiver, with the last attempt and its error.
 *
 * @example
 * @OnDead('stripe') gaveUp(attempt: AttemptInfo, error: TaskError) {}
 */
export function OnDead(receiver: string): MethodDecorator {
  return marked({ kind: 'dead', receiver })
}

/**
 * Injects a receiver by its name.
 *
 * @example
 * constructor(@InjectReceiver('stripe') private readonly receiver: Receiver) {}
 */
export function InjectReceiver(name: string): ParameterDecorator & PropertyDecorator {
  return Inject(receiverToken(name))
}

function marksOf(method: object): readonly Mark[] {
  return (Reflect.getMetadata(MARKS, method) as readonly Mark[] | undefined) ?? []
}

function marked(mark: Mark): MethodDecorator {
  return (target, key, descriptor) => {
    const method = descriptor.value as object
    SetMetadata(MARKS, [...marksOf(method), mark])(target, key, descriptor)
  }
}
