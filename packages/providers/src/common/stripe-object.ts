import {
  PostponeError,
  RetryAfterError,
  UnrecoverableError,
  type Task,
  type WebhookEvent,
} from '@postern/core'
import {
  checkSecret,
  parseJson,
  parseRetryAfter,
  readBounded,
  unknownOptions,
} from '@postern/core/internal'
import { at, field } from './read.ts'
import { HOUR, MIB } from './units.ts'

/** Options of {@link stripeObject}. */
export interface StripeObjectOptions {
  /** A secret key, a restricted key that may read the objects, or a function that returns the current key. */
  readonly key: string | (() => string | Promise<string>)
  /**
   * API version of the objects, such as `2026-10-28.endive`. @default the account's version, or `2026-10-28.endive` for
   * paths under `/v2`
   */
  readonly apiVersion?: string
  /** Function that sends the requests. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch
}

type EventOfObject = Pick<WebhookEvent, 'topic' | 'payload'>
type TaskOfObject = Pick<Task, 'id' | 'signal'>

const API = 'https://api.stripe.com'
/** Under `/v2`, Stripe rejects requests without a version. */
const API_VERSION = '2026-10-28.endive'
/** Maximum number of entries in `waited`. If an entry is deleted, its task may wait for another hour. */
const WAITING = 1000

/**
 * Returns a function that fetches the current object of a Stripe event, for handlers of snapshot and thin events. That
 * function returns undefined if the object was deleted, or if the event has no object. The task's signal aborts the
 * request.
 *
 * A 429 postpones the task without using an attempt, for at most an hour in total. After that hour, a 429 uses an
 * attempt. A 5xx or a network failure also uses an attempt. After any other answer, or if Stripe's API cannot return
 * the event's object, the task ends with an `UnrecoverableError` that names the cause.
 *
 * @throws TypeError if an option is wrong.
 * @example
 * const current = stripeObject({ key: process.env.STRIPE_KEY! })
 * receiver.on(['customer.updated', 'v1.customer.updated'], async (event, task) => {
 *   const customer = await current<Stripe.Customer>(event, task)
 *   if (customer) await save(customer)
 * })
 */
export function stripeObject(
  options: StripeObjectOptions,
): <T = Record<string, unknown>>(
  event: EventOfObject,
  task: TaskOfObject,
) => Promise<T | undefined> {
  unknownOptions('stripeObject', options, ['key', 'apiVersion', 'fetch'])
  const { key, apiVersion } = options
  if (typeof key !== 'function') checkKey(key)
  /** Milliseconds that each task has waited because of 429 answers, by the task's id. */
  const waited = new Map<string, number>()

  return async <T>(event: EventOfObject, { id, signal }: TaskOfObject): Promise<T | undefined> => {
    const place = placeOf(event)
    if (place === undefined) return undefined
    const { path, ...context } = place
    const secret = typeof key === 'function' ? await key() : key
    checkKey(secret)
    const version = apiVersion ?? (path.startsWith('/v2/') ? API_VERSION : undefined)
    const headers = {
      accept: 'application/json',
      authorization: `Bearer ${secret}`,
      ...(version !== undefined && { 'stripe-version': version }),
      ...context,
    }
    const send = options.fetch ?? globalThis.fetch
    let response: Response
    try {
      // A redirect would send the key to another host, so it is not followed. Workers do not support the value 'error'.
      response = await send(API + path, { headers, redirect: 'manual', signal })
    } catch (cause) {
      signal.throwIfAborted()
      throw new Error(`stripeObject: Stripe was not reached for ${path}`, { cause })
    }
    if (response.status !== 429) waited.delete(id)
    if (response.ok) return readObject<T>(response, path)
    const answer = await errorOf(response)
    const what = `stripeObject: Stripe answered ${response.status} for ${path}`
    if (response.status === 429) throw pause(id, response.headers.get('retry-after'), what)
    if (response.status >= 500) throw new Error(what)
    if (response.status === 404 && !answer.startsWith('Unrecognized request URL')) return undefined
    throw new UnrecoverableError(`${what}: ${WHY[response.status] ?? 'the request was rejected'}`)
  }

  function pause(id: string, header: string | null, what: string): Error {
    const asked = Math.min(parseRetryAfter(header ?? undefined, Date.now()) ?? 30_000, HOUR)
    const before = waited.get(id) ?? 0
    if (before >= HOUR) return new RetryAfterError(asked, what, { atLeast: true })
    const delay = Math.max(1000, Math.min(asked, HOUR - before))
    waited.delete(id)
    waited.set(id, before + delay)
    for (const oldest of waited.keys()) if (waited.size > WAITING) waited.delete(oldest)
    return new PostponeError(delay, what)
  }
}

const WHY: Readonly<Record<number, string>> = {
  401: 'the key is wrong or was revoked; set `key`',
  403: 'the key must not read this object; allow the key to read it, or use another one',
  404: 'the API has no such path; read the object from event.payload',
}

function checkKey(key: unknown): void {
  checkSecret('stripeObject: key', key)
  if (/^(?:whsec|pk|we|acct|evt)_/.test(key))
    throw new TypeError(
      'stripeObject: key: must be a secret or restricted key of the API, got another value of Stripe; use sk_… or rk_…',
    )
}

async function readObject<T>(response: Response, path: string): Promise<T | undefined> {
  const tooLarge = (): Error =>
    new UnrecoverableError(`stripeObject: the answer for ${path} is larger than 4 MiB`)
  const text = new TextDecoder().decode(await readBounded(response.body, 4 * MIB, tooLarge))
  const object = parseJson(text, { depth: 100, exact: true }) as { readonly deleted?: unknown }
  return object.deleted === true ? undefined : (object as T)
}

/** Returns the message in Stripe's error. Callers must not show the message, because it may contain the key. */
async function errorOf(response: Response): Promise<string> {
  try {
    const text = new TextDecoder().decode(await readBounded(response.body, 64 * 1024))
    const answer = JSON.parse(text) as { readonly error?: { readonly message?: unknown } }
    const { message } = answer.error ?? {}
    return String(message)
  } catch {
    return ''
  }
}

/** An object in Stripe's API: its path, and the headers that name its account. */
interface Place {
  readonly path: string
  readonly 'stripe-context'?: string
  readonly 'stripe-account'?: string
}

function placeOf({ topic, payload }: EventOfObject): Place | undefined {
  const related = field(payload, 'related_object')
  const object = related ?? at(payload, 'data.object')
  if (object == null) return undefined
  const path = related == null ? pathOf(object) : relatedPath(related)
  if (path === undefined)
    throw new UnrecoverableError(
      `stripeObject: the object of ${topic} is not in Stripe's API; read it from event.payload`,
    )
  const context = field(payload, 'context')
  const header = context == null ? 'stripe-account' : 'stripe-context'
  const account = context ?? field(payload, 'account')
  if (account == null) return { path }
  if (typeof account === 'string' && /^\w+(?:\/\w+)*$/.test(account) && account.length <= 255)
    return { path, [header]: account }
  throw new UnrecoverableError(`stripeObject: ${topic} names no account of Stripe in ${header}`)
}

/**
 * Returns the object's path, which a thin event contains. Returns undefined unless the path belongs to Stripe's API and
 * ends with the object's id.
 */
function relatedPath(related: unknown): string | undefined {
  const [id, url] = [field(related, 'id'), field(related, 'url')]
  if (
    typeof url !== 'string' ||
    url.length > 1000 ||
    !/^\/v[12](?:\/[\w.~%!$()*+,:@-]+)+$/.test(url)
  )
    return undefined
  // Segments such as `..` and `%2e%2e` would lead to another path, so a path with them is rejected.
  if (new URL(API + url).pathname !== url) return undefined
  const last = url.slice(url.lastIndexOf('/') + 1)
  // An account has only one object of some types, such as its balance. Such an object has no id.
  const isNamed = id == null ? /^[a-z_]+$/.test(last) : last === id || last === segment(id)
  return isNamed ? url : undefined
}

/**
 * Paths of objects under `/v1/`, for types whose path is not `<type>s/<id>`. A name in braces is a member of the
 * object. Types with undefined have no path in the API.
 */
const PATHS: Readonly<Record<string, string | undefined>> = {
  balance: 'balance',
  balance_settings: 'balance_settings',
  'tax.settings': 'tax/settings',
  scheduled_query_run: 'sigma/scheduled_query_runs/{id}',
  capability: 'accounts/{account}/capabilities/{id}',
  person: 'accounts/{account}/persons/{id}',
  bank_account: 'accounts/{account}/external_accounts/{id}',
  card: 'accounts/{account}/external_accounts/{id}',
  cash_balance: 'customers/{customer}/cash_balance',
  customer_cash_balance_transaction: 'customers/{customer}/cash_balance_transactions/{id}',
  fee_refund: 'application_fees/{fee}/refunds/{id}',
  application: undefined,
  'billing.alert_triggered': undefined,
  'billing_portal.session': undefined,
  discount: undefined,
  'entitlements.active_entitlement_summary': undefined,
  'financial_connections.authorization': undefined,
  'reserve.hold': undefined,
  'reserve.plan': undefined,
  'reserve.release': undefined,
  source_mandate_notification: undefined,
  source_transaction: undefined,
}

function pathOf(object: unknown): string | undefined {
  const type = field(object, 'object')
  if (typeof type !== 'string' || !/^[a-z][a-z_]*(?:\.[a-z][a-z_]*)?$/.test(type)) return undefined
  const ofCustomer = /^(?:card|bank_account)$/.test(type) && field(object, 'customer') != null
  const template = ofCustomer
    ? 'customers/{customer}/sources/{id}'
    : Object.hasOwn(PATHS, type)
      ? PATHS[type]
      : `${type.replace('.', '/')}s/{id}`
  if (template === undefined) return undefined
  const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)
  if (names.some((name) => segment(field(object, name)) === undefined)) return undefined
  return `/v1/${template.replaceAll(/\{(\w+)\}/g, (_, name: string) => segment(field(object, name))!)}`
}

/** Returns an id as one segment of a path, encoded, because apps can choose the ids of coupons, plans and products. */
function segment(id: unknown): string | undefined {
  const isId = typeof id === 'string' && /^(?!\.+$)[^\p{C}/\\]{1,255}$/u.test(id)
  return isId ? encodeURIComponent(id) : undefined
}
