import type { Delivery, ParsedBody } from '../../delivery.ts'
import { parseBody, readsXml } from '../../body/formats.ts'
import type { EventDraft, EventMap } from '../../event.ts'
import { isPromise } from '../../basics/maybe.ts'
import type { Factory } from '../about.ts'
import { checkProviders, madeAgain } from '../made.ts'
import type { Draft, Provider } from '../provider.ts'
import { joinCredentials, type Covers, type SignableRequest } from '../scheme.ts'
import { markVerified, createDelivery } from '../../receive/http-delivery.ts'

/**
 * Creates a provider for a sender whose deliveries come through a gateway, such as Hookdeck, Svix Ingest, QStash or
 * Pub/Sub.
 *
 * - Only the gateway's signature is verified. The sender's own signature is not needed, and never
 *   replaces that of the gateway.
 * - Topics, payloads and their types are the sender's. If the gateway wraps the sender's bytes in a
 *   signed envelope (`Provider.unwrap`), topics and payloads are read from the bytes inside.
 * - An event's id is the sender's if the body contains that id. Otherwise the id is the gateway's,
 *   which is the same for all attempts.
 * - Challenges and time limits of the sender do not apply. `covers`, the reply, redirects, the
 *   retry span and the key that verified are those of the gateway. The name is
 *   `<sender>-behind-<gateway>`.
 *
 * @param inner - the sender, or its factory if you do not have its secret.
 * @throws TypeError if the gateway is an unauthenticated provider, or if the sender's body cannot be read from the
 * gateway's envelope.
 *
 * @example
 * const receiver = createReceiver({ provider: behind(hookdeckGateway({ secret }), github) })
 * receiver.on('issues.opened', (event) => triage(event.payload))
 */
export function behind<Events extends EventMap>(
  gateway: Provider,
  inner: Provider<Events> | Factory<never, Events>,
): Provider<Events> {
  const sender = (typeof inner === 'function' && inner.about ? exampleOf(inner) : inner) as Provider
  checkBoth(gateway, sender)
  const { unwrap, sign } = gateway
  const made: Provider = {
    ...gateway,
    ...madeAgain(gateway, (again) => behind(again, sender)),
    name: `${sender.name}-behind-${gateway.name}`,
    inner: sender,
    covers: coversOf(gateway, sender),
    credentials: joinCredentials(gateway.credentials, sender.credentials),
    signatures: [...(gateway.signatures ?? []), ...(sender.signatures ?? [])],
    reads: (delivery) => [...readsOf(gateway, delivery), ...readsOf(sender, delivery)],
    events: (delivery, body) => eventsOf(gateway, sender, delivery, body),
    // If the sender never repeats its bytes, equal bytes are a replay. A new id does not change that, since a gateway
    // can add any id.
    ...(sender.repeats === false && { repeats: false }),
    ...(unwrap ? readsXml(sender) && { xml: true } : bodyOf(gateway, sender)),
  }
  const { sign: _gateway, ...verifying } = made
  if (!sign || unwrap) return verifying as Provider<Events>
  return {
    ...verifying,
    sign: (draft: Draft) => signed(gateway, sender, draft),
  } as Provider<Events>
}

function exampleOf({ about }: Factory<never>): Provider {
  return about.create(about.example)
}

function checkBoth(gateway: Provider, inner: Provider): void {
  checkProviders('behind', { gateway, inner }, 'hookdeckGateway({ secret })')
  if (gateway.unauthenticated)
    throw new TypeError(
      `behind: gateway must authenticate requests, got ${gateway.name} without authentication; give it a secret`,
    )
  if (!gateway.unwrap) return
  const place = `behind: ${gateway.name} wraps the body, and`
  if (inner.formats?.includes('multipart'))
    throw new TypeError(
      `${place} multipart bodies of ${inner.name} cannot be read inside the wrapper; let the gateway forward them unwrapped`,
    )
  if (inner.credentials?.fields?.length)
    throw new TypeError(
      `${place} credentials of ${inner.name} could not be stripped there; send it unwrapped, through another gateway`,
    )
}

/** Returns what the gateway's signature covers. The gateway signs the sender's body, but not the sender's headers. */
function coversOf({ covers }: Provider, inner: Provider): Covers {
  const isHeader = inner.topicHeader !== undefined || inner.covers.topic === false
  const isOwnId = inner.claims === undefined && inner.covers.id === true && covers.body !== 'none'
  return {
    ...covers,
    ...((isHeader || inner.covers.body === 'none') && { topic: false }),
    ...(isOwnId && { id: true }),
  }
}

function readsOf(provider: Provider, delivery: Delivery): readonly string[] {
  return provider.reads?.(delivery) ?? (provider.claims === undefined ? [] : [provider.claims])
}

/**
 * Returns the members that say how to read the sender's bytes. The sender's signature is not verified here. So parts of
 * the request that only this signature protects do not influence how bytes are read.
 */
function bodyOf(gateway: Provider, inner: Provider): Partial<Provider> {
  const { formats = ['json'], codings = {}, charsets = ['utf-8'], contentType, format, xml } = inner
  const limits = gateway.limits ?? inner.limits
  return {
    formats,
    codings,
    charsets,
    ...(contentType && { contentType }),
    ...(limits && { limits }),
    ...(format && gateway.covers.url === true && { format }),
    ...(xml && { xml }),
  }
}

function eventsOf(
  gateway: Provider,
  inner: Provider,
  delivery: Delivery,
  body: ParsedBody,
): readonly EventDraft[] {
  const { own, parsed } = gateway.unwrap
    ? unwrapped(gateway, inner, delivery, body)
    : { own: delivery, parsed: body }
  const drafts = inner.events(own, parsed)
  const inBody = idsInBody(inner, own, parsed)
  const stable = idOf(gateway, delivery, body)
  return drafts.map(({ id, guards, ...draft }, at) => {
    const other = stable === undefined || drafts.length === 1 ? stable : `${stable}.${at}`
    const chosen = id !== undefined && inBody[at] === id ? id : (other ?? id)
    // A guard is a key that only one event may have. Guards that reject are dropped here: they detect repeated
    // signatures of the sender, and the gateway resends the signature at every attempt.
    const kept = guards?.filter(({ otherwise }) => otherwise === 'duplicate')
    return {
      ...draft,
      ...(chosen !== undefined && { id: chosen }),
      ...(kept?.length && { guards: kept }),
    }
  })
}

function unwrapped(
  gateway: Provider,
  inner: Provider,
  delivery: Delivery,
  envelope: ParsedBody,
): { own: Delivery; parsed: ParsedBody } {
  const { method, url, content, limits } = delivery
  const { body, headers } = gateway.unwrap!(delivery, envelope) ?? {
    body: content,
    headers: delivery.headerLines(),
  }
  const declared = { ...inner, covers: gateway.covers, labelled: () => false }
  const own = createDelivery({ method, url, headers, body }, limits, declared)
  markVerified(own)
  const parsed = parseBody(own, envelope.exact === true)
  // `parsed` is not a promise: `receive` has loaded the XML parser, and `behind` throws for a multipart sender.
  if (isPromise(parsed)) throw new TypeError(`behind: ${inner.name} cannot be parsed synchronously`)
  return { own, parsed: envelope.exact ? { ...parsed, exact: true } : parsed }
}

function idsInBody(inner: Provider, delivery: Delivery, body: ParsedBody): readonly unknown[] {
  try {
    return inner.events(headless(delivery), body).map(({ id }) => id)
  } catch {
    // The sender's `events` needs a header, so the body alone has no id.
    return []
  }
}

/** Returns the gateway's id for this delivery, which is the same for all attempts. */
function idOf(gateway: Provider, delivery: Delivery, body: ParsedBody): string | undefined {
  const claimed = gateway.claims === undefined ? undefined : delivery.header(gateway.claims)
  if (claimed !== undefined && claimed !== '') return claimed
  try {
    const events = gateway.events(delivery, body)
    return events.length === 1 ? events[0]!.id : undefined
  } catch {
    // The gateway's `events` may throw, since the body is in the sender's format.
    return undefined
  }
}

function signed(gateway: Provider, inner: Provider, draft: Draft): SignableRequest {
  const { secret: _, ...own } = draft
  const request = inner.sign?.(own)
  if (!request && draft.body === undefined)
    throw new TypeError(
      `behind: only ${inner.name} has the key to sign its deliveries; give the body of a recorded delivery as draft.body`,
    )
  const { topic: _topic, payload: _payload, ...rest } = draft
  return gateway.sign!({ ...rest, ...request })
}

const NO_LINES: readonly string[] = []

function headless(delivery: Delivery): Delivery {
  return {
    method: delivery.method,
    url: delivery.url.replace(/[?#].*$/s, ''),
    body: delivery.body,
    context: delivery.context,
    limits: delivery.limits,
    get content() {
      return delivery.content
    },
    get format() {
      return delivery.format
    },
    header: () => undefined,
    headers: () => NO_LINES,
    headerLines: () => [],
    json: (exact) => delivery.json(exact),
    form: () => delivery.form(),
    xml: () => delivery.xml(),
    text: () => delivery.text(),
    query: () => new URLSearchParams(),
  }
}
