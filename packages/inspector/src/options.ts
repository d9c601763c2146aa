import { unknownOptions, type MaybePromise } from '@postern/core/internal'
import type { Observer, Receiver } from '@postern/core'
import { createSeal, type KeyOption } from '@postern/core/engine'
import type { Inbox } from '@postern/core/inbox'
import type { Provider } from '@postern/core/scheme'
import { once } from './kept.ts'
import type { RegisteredReply } from './api/health.ts'
import { checkAuth, type Auth } from './gate/auth-option.ts'

/** The members of a receiver that the inspector uses, for any type of event. */
export type Inspected = Pick<
  Receiver,
  | 'answers'
  | 'limits'
  | 'name'
  | 'provider'
  | 'subscribes'
  | 'topics'
  | 'health'
  | 'receive'
  | 'fetch'
>

/** Options of the inspector. `Own` is the list of arguments that the framework passes to `auth`. */
export interface InspectorOptions<Own extends readonly unknown[] = readonly unknown[]> {
  /**
   * The inbox. If a build runs the module, as in Next.js, give a function: the function is called at the first request.
   */
  readonly inbox: Inbox | (() => MaybePromise<Inbox>)
  /**
   * The receivers of this process. The inspector needs them to explain rejections, send samples and show their health.
   * @default none
   */
  readonly receivers?:
    | readonly Inspected[]
    | (() => MaybePromise<readonly (Inspected | PromiseLike<Inspected>)[]>)
  /**
   * Decides who may enter: a token, names with passwords, or a function that reads the app's own session. Required
   * unless `dev` is set.
   */
  readonly auth?: Auth<Own>
  /**
   * For development, instead of `auth`: the inspector logs the address of the page with a random key that grants all
   * rights. If the logged address is wrong, give the right one instead of true, such as
   * `http://localhost:3000/postern`. Throws a `TypeError` if NODE_ENV is `production`.
   * @default false
   */
  readonly dev?: boolean | string
  /**
   * Providers that have the secrets of receivers in other processes. The inspector needs these providers to explain
   * rejections of those receivers. Providers are found by name. @default none
   */
  readonly providers?: readonly Provider[]
  /**
   * The key or keys that receivers encrypt stored events with. The page decrypts events for visitors who may see
   * payloads.
   */
  readonly encryptionKey?: KeyOption
  /**
   * Functions that read the registrations at the senders, by the name of the receiver. Each function is called while a
   * visitor has the page open, at most once per minute. Use `registered()` of `@postern/registrar`. @default none
   */
  readonly registered?: Readonly<Record<string, AskSender>>
  /**
   * The page can copy a delivery as a test. The test imports `subscribe` from this module; `subscribe(receiver)` adds
   * your handlers. Give one module, or one module per receiver, by the name of the receiver. @default './webhooks/handlers.js', the file that `postern
   * init` writes
   */
  readonly handlers?: string | Readonly<Record<string, string>>
  /**
   * Name of the app, in the head of the page and on its sign-in page, which strangers can read.
   * @default 'postern'
   */
  readonly name?: string
  /** Observers that are called for each action, with the name of the visitor. @default none */
  readonly observers?: readonly Observer[]
  /** The logger, which is an observer, or false for none. @default logger(), to the console */
  readonly log?: Observer | false
}

const OPTIONS: readonly (keyof InspectorOptions)[] = [
  'inbox',
  'receivers',
  'auth',
  'dev',
  'providers',
  'encryptionKey',
  'registered',
  'handlers',
  'name',
  'observers',
  'log',
]

export function checkInspector<Own extends readonly unknown[]>(
  options: InspectorOptions<Own>,
): void {
  unknownOptions('inspector', options, OPTIONS)
  const { inbox, receivers, auth, dev = false, name = 'postern', observers = [] } = options ?? {}
  if (typeof inbox !== 'function' && typeof inbox?.attach !== 'function')
    throw new TypeError(
      `inspector: inbox must be an inbox or a function that returns one, got ${typeof inbox}; give the one that your receivers have`,
    )
  if (receivers !== undefined && typeof receivers !== 'function' && !Array.isArray(receivers))
    throw new TypeError(
      'inspector: receivers must be a list of what createReceiver() returns, or a function that returns it',
    )
  if (typeof dev !== 'boolean' && !isAddress(dev))
    throw new TypeError(
      `inspector: dev must be true, or the address of the page such as http://localhost:3000/postern, got ${JSON.stringify(dev)}`,
    )
  if (typeof name !== 'string' || name.trim() === '')
    throw new TypeError('inspector: name must be a string that is not empty')
  for (const [receiver, ask] of Object.entries(options.registered ?? {}))
    if (typeof ask !== 'function')
      throw new TypeError(
        `inspector: registered.${receiver} must be a function, as in () => registered(registrar, { url, topics: receiver.topics })`,
      )
  const { handlers = '' } = options
  const modules = typeof handlers === 'string' ? [handlers] : Object.values(handlers ?? {})
  if (modules.some((module) => typeof module !== 'string'))
    throw new TypeError(
      "inspector: handlers must be a module such as './webhooks/handlers.js', or one for each receiver by its name",
    )
  if (!Array.isArray(observers)) throw new TypeError('inspector: observers must be a list')
  if (auth === undefined && !dev)
    throw new TypeError(
      'inspector: auth is missing: anyone could read payloads. Give auth: { token: process.env.POSTERN_TOKEN }, or a function that reads your session; only for development, dev: true',
    )
  if (auth !== undefined && dev)
    throw new TypeError(
      'inspector: dev: true creates a key instead of auth; give only one of them, as in process.env.POSTERN_TOKEN ? { auth: … } : { dev: true }',
    )
  if (dev && process.env['NODE_ENV'] === 'production')
    throw new TypeError(
      'inspector: dev is for development, and NODE_ENV is production; give auth: { token: process.env.POSTERN_TOKEN }, or a function that reads your session',
    )
  if (auth !== undefined) checkAuth(auth)
  if (options.encryptionKey !== undefined)
    createSeal(options.encryptionKey, 'inspector: encryptionKey')
}

/** Makes a function that returns the inbox. If the option is a function, this function is called once. */
export function givenInbox({
  inbox,
}: Pick<InspectorOptions<never>, 'inbox'>): () => Promise<Inbox> {
  return once(async () => (typeof inbox === 'function' ? inbox() : inbox))
}

function isAddress(dev: unknown): boolean {
  return typeof dev === 'string' && /^https?:\/\/[^\s#]+$/.test(dev) && URL.canParse(dev)
}

/** The endpoints at a sender: the result of `registered()` of `@postern/registrar`. */
interface AtSender extends Pick<RegisteredReply['receivers'][number], 'endpoints' | 'differs'> {
  readonly url: string
}

/** Asks the sender of a receiver for the endpoints that are registered at the sender. */
export type AskSender = () => MaybePromise<AtSender>
