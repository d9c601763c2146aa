import { type EventMap, type SecretOption } from '@postern/core'
import {
  defineProvider,
  stringifyJson,
  toleranceOption,
  type Draft,
  type EventDraft,
  type ParsedBody,
  type Provider,
} from '@postern/core/scheme'
import { HOUR, MIB } from './common/entry.ts'
import { field, text } from './common/read.ts'
import { lastValue, mailgunScheme } from './schemes/mailgun.ts'

/** Options of {@link mailgun}. */
export interface MailgunOptions {
  /** The webhook signing key of the account; of the primary account, where events of subaccounts are to be taken too. */
  readonly signingKey: SecretOption
  /**
   * Seconds the signed time may be away from now, in the past and in the future. Mailgun names none and does not say
   * whether a retry is signed anew. @default 32_400, the 8 hours of its retries and one more
   */
  readonly tolerance?: number
}

/**
 * Mailgun: event webhooks (JSON), inbound routes and older webhooks (forms, with attachments too). The signature in the
 * body covers its time and token and nothing else: who captured one can send any event with it while the tolerance lasts,
 * so that TLS is all that protects the payload. Topic is the event, with the severity of a failure (`failed.permanent`;
 * `failed` matches too), and `inbound` for routes. Id is that of the event, else the token. Mailgun retries for 8 hours,
 * but for 200 and 406.
 * https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks
 */
export function mailgun<Events extends EventMap = EventMap>(
  options: MailgunOptions,
): Provider<Events> {
  const scheme = mailgunScheme(toleranceOption(options.tolerance, 9 * 3600))
  return defineProvider<Events, Uint8Array>({
    name: 'mailgun',
    formats: ['json', 'form', 'multipart'],
    auth: { scheme, secret: options.signingKey, option: 'signingKey' },
    limits: { body: 25 * MIB },
    retrySpan: 8 * HOUR,
    events: (_delivery, body) => [body.kind === 'json' ? eventOf(body.value) : formEvent(body)],
    compose,
  })
}

function eventOf(payload: unknown): EventDraft {
  const data = field(payload, 'event-data')
  const id = text(data, 'id') ?? text(field(payload, 'signature'), 'token')
  const event = text(data, 'event') ?? ''
  const severity = event === 'failed' ? text(data, 'severity') : undefined
  if (severity === undefined) return { id, topic: event, payload }
  return { id, topic: `${event}.${severity}`, aliases: [event], payload }
}

function formEvent({ kind, value }: ParsedBody): EventDraft {
  const fields = kind === 'multipart' ? field(value, 'fields') : value
  const { signature: _signature, ...kept } = fields as Record<string, unknown>
  return {
    id: lastValue(fields, 'token'),
    topic: lastValue(fields, 'event') ?? 'inbound',
    payload: kind === 'multipart' ? { ...(value as object), fields: kept } : kept,
  }
}

function compose({ topic = 'delivered', id, at = Date.now(), payload }: Draft): { body: string } {
  const [event, severity] = topic.split('.', 2)
  const data = { event, severity, id: id ?? crypto.randomUUID(), timestamp: at / 1000 }
  return { body: stringifyJson({ 'event-data': { ...data, ...(payload as object) } }) }
}
