import {
  WebhookError,
  type Delivery,
  type EventMap,
  type MaybePromise,
  type Reply,
  type SecretOption,
} from '@postern/core'
import { type Records } from '@postern/core/inbox'
import {
  defineProvider,
  hmac,
  singleHeader,
  stringifyJson,
  type Draft,
  type EventDraft,
  type ParsedBody,
  type Provider,
} from '@postern/core/scheme'
import { recordedSecrets } from './schemes/recorded-secrets.ts'
import { DAY, MIB } from './common/entry.ts'
import { items } from './common/items.ts'
import { member } from './common/read.ts'

/** Options of {@link asana}. */
export interface AsanaOptions {
  /**
   * The `X-Hook-Secret` of the webhook; each webhook has its own. A function looks it up where it arrives by handshake.
   * @default those in `records`, else none, so that only the handshake is answered
   */
  readonly secret?: SecretOption
  /**
   * Whether a handshake is expected now. Anybody can send one, and who plants a secret can sign events: say true while a
   * create call of yours is under way, and for the URL it named. @default false
   */
  readonly acceptHandshake?: boolean | ((delivery: Delivery) => MaybePromise<boolean>)
  /** Keeps the secret of a handshake; the reply waits for it, so that a secret that was not kept makes no webhook. */
  readonly onSecret?: (secret: string, delivery: Delivery) => MaybePromise<void>
  /**
   * The records of an inbox (`inbox.records`) that keep the secrets of handshakes, as they are, and find them again by
   * the path and query of the URL: give each webhook a URL of its own. @default none
   */
  readonly records?: Records
}

/**
 * Asana. HMAC-SHA256 over the body in `X-Hook-Signature`, with the secret Asana chose: it comes in the first request of a
 * webhook, whose `X-Hook-Secret` is echoed, while the create call still waits. A delivery is a batch of events, or none
 * (a heartbeat). Topic is `resource_type.action` (`task.changed`). Events have no id; ours is made of resource, action,
 * field, time, user and parent, all signed. Asana wants its 2xx within 10 s and retries for 24 hours; 410 deletes the
 * webhook.
 * https://developers.asana.com/docs/webhooks-guide
 */
export function asana<Events extends EventMap = EventMap>(options: AsanaOptions): Provider<Events> {
  const kept = options.records && recordedSecrets(options.records, 'asana')
  return defineProvider<Events, Uint8Array>({
    name: 'asana',
    auth: {
      scheme: hmac({ header: 'X-Hook-Signature', covers: { body: 'bytes', id: true } }),
      secret: options.secret ?? kept?.secret ?? nobody,
    },
    credentials: { headers: ['x-hook-secret'] },
    limits: { body: 5 * MIB },
    retrySpan: DAY,
    greet: (delivery) =>
      greet(delivery, options, async (secret) => {
        await kept?.keep(secret, delivery)
        await options.onSecret?.(secret, delivery)
      }),
    events,
    compose,
  })
}

const nobody = (): undefined => undefined

async function greet(
  delivery: Delivery,
  { acceptHandshake = false }: AsanaOptions,
  keep: (secret: string) => Promise<void>,
): Promise<Reply | undefined> {
  const isSigned = delivery.header('x-hook-signature') !== undefined
  if (isSigned || delivery.header('x-hook-secret') === undefined) return undefined
  const secret = singleHeader(delivery, 'x-hook-secret')
  const isExpected =
    typeof acceptHandshake === 'function' ? await acceptHandshake(delivery) : acceptHandshake
  // A comma would be two lines that a host has joined.
  if (!isExpected || !/^[\x21-\x2b\x2d-\x7e]{1,256}$/.test(secret))
    throw new WebhookError(
      'handshake_refused',
      isExpected
        ? 'X-Hook-Secret is no secret'
        : 'a handshake came that acceptHandshake did not expect',
    )
  await keep(secret)
  return { status: 200, headers: { 'x-hook-secret': secret } }
}

function events(_delivery: Delivery, { value }: ParsedBody): readonly EventDraft[] {
  return items(value, 'events').map((event) => {
    const type = member(event, 'resource.resource_type')
    const action = member(event, 'action')
    return {
      id: idOf(event),
      topic: type && action ? `${type}.${action}` : '',
      payload: event,
    }
  })
}

const PARTS = ['action', 'change.field', 'created_at', 'user.gid', 'parent.gid']

function idOf(event: unknown): string | undefined {
  const resource = member(event, 'resource.gid')
  if (resource === undefined || member(event, 'created_at') === undefined) return undefined
  return [resource, ...PARTS.map((path) => member(event, path) ?? '')].join(':')
}

function compose({ topic = 'task.changed', payload, at = Date.now() }: Draft): { body: string } {
  const [resource_type, action] = topic.split('.')
  const event = {
    action,
    resource: { gid: '1337', resource_type },
    created_at: new Date(at).toISOString(),
    ...(payload as object),
  }
  return { body: stringifyJson({ events: [event] }) }
}
