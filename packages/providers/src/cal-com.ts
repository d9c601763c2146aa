import { type Delivery, type EventMap, type SecretOption } from '@postern/core'
import {
  defineProvider,
  hmac,
  stringifyJson,
  type Draft,
  type EventDraft,
  type ParsedBody,
  type Provider,
} from '@postern/core/scheme'
import { joined } from './schemes/ids.ts'
import { member, text } from './common/read.ts'

/** Options of {@link calCom}. */
export interface CalComOptions {
  /** The secret of the webhook. Without one Cal.com sends `no-secret-provided` as signature, which is refused. */
  readonly secret: SecretOption
}

/**
 * Cal.com. HMAC-SHA256 over the body in `X-Cal-Signature-256`. Topic is `triggerEvent` (`BOOKING_CREATED`), or `custom`
 * where a payload template of your own leaves it out. There is no id of the event; ours is trigger, booking and
 * `createdAt`, all signed. A redirect is a failure; most installations never try again.
 * https://cal.com/docs/developing/guides/automation/webhooks
 */
export function calCom<Events extends EventMap = EventMap>(
  options: CalComOptions,
): Provider<Events> {
  return defineProvider<Events, Uint8Array>({
    name: 'cal.com',
    formats: ['json', 'form'],
    auth: {
      scheme: hmac({ header: 'X-Cal-Signature-256', covers: { body: 'bytes', id: true } }),
      secret: options.secret,
    },
    failsOnRedirect: true,
    events,
    compose,
  })
}

function events(_delivery: Delivery, { value }: ParsedBody): readonly EventDraft[] {
  const booking = member(value, 'payload.uid') === undefined ? 'payload.bookingId' : 'payload.uid'
  return [
    {
      id: joined(value, 'triggerEvent', booking, 'createdAt'),
      topic: text(value, 'triggerEvent') ?? 'custom',
      payload: value,
    },
  ]
}

function compose({ topic = 'BOOKING_CREATED', id, payload, at = Date.now() }: Draft): {
  body: string
} {
  const [, uid, createdAt] = /^[^:]*:([^:]*):(.*)$/.exec(id ?? '') ?? []
  return {
    body: stringifyJson({
      triggerEvent: topic,
      createdAt: createdAt ?? new Date(at).toISOString(),
      payload: { uid: uid ?? 'bFJeNb2uX8ANpT3JL5EfXw' },
      ...(payload as object),
    }),
  }
}
