import type { SecretOption } from '@postern/core'
import {
  mergeDeep,
  provider,
  stringifyJson,
  toleranceOption,
  type Draft,
  type EventDraft,
  type Factory,
  type ParsedBody,
  type Guard,
} from '@postern/core/scheme'
import { HOUR, MIB } from './common/units.ts'
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
 * body covers its time and token and nothing else: TLS is all that protects the payload. A token stands for one event: with
 * another event's id it is refused for as long as ids are known. Topic is the event, with the severity of a failure (`failed.permanent`;
 * `failed` matches too), and `inbound` for routes. Id is that of the event, else the token. Mailgun retries for 8 hours,
 * but for 200 and 406.
 * https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks
 */
export const mailgun: Factory<MailgunOptions> = /* @__PURE__ */ provider({
  name: 'mailgun',
  title: 'Mailgun',
  docs: 'https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks',
  topics: ['delivered', 'failed.permanent', 'failed.temporary', 'opened', 'clicked', 'inbound'],
  options: {
    signingKey: 'Webhook signing key of the account.',
    tolerance: 'Seconds the signed time may be away from now. Default 32400.',
  },
  formats: ['json', 'form', 'multipart'],
  secret: 'signingKey',
  covers: { body: 'none', timestamp: true },
  scheme: ({ tolerance }) => mailgunScheme(toleranceOption(tolerance, 9 * 3600)),
  limits: { body: 25 * MIB },
  retrySpan: 8 * HOUR,
  events: (_delivery, body) => [body.kind === 'json' ? eventOf(body.value) : formEvent(body)],
  compose,
})

function eventOf(payload: unknown): EventDraft {
  const data = field(payload, 'event-data')
  const token = text(field(payload, 'signature'), 'token')
  const id = text(data, 'id') ?? token
  const event = text(data, 'event') ?? ''
  const severity = event === 'failed' ? text(data, 'severity') : undefined
  const topic =
    severity === undefined ? { topic: event } : { topic: `${event}.${severity}`, aliases: [event] }
  return { id, ...topic, payload, guards: guarded(token) }
}

function formEvent({ kind, value }: ParsedBody): EventDraft {
  const fields = kind === 'multipart' ? field(value, 'fields') : value
  const { signature: _signature, ...kept } = fields as Record<string, unknown>
  const token = lastValue(fields, 'token')
  return {
    id: token,
    topic: lastValue(fields, 'event') ?? 'inbound',
    payload: kind === 'multipart' ? { ...(value as object), fields: kept } : kept,
    guards: guarded(token),
  }
}

// The token is all that is signed beside the time: it may stand for one event only.
function guarded(token: string | undefined): readonly Guard[] {
  return token === undefined ? [] : [{ key: `mailgun-token:${token}`, otherwise: 'refuse' }]
}

function compose({ topic = 'delivered', id, at = Date.now(), payload }: Draft): { body: string } {
  const [event, severity] = topic.split('.', 2)
  const data = { event, severity, id: id ?? crypto.randomUUID(), timestamp: at / 1000 }
  return { body: stringifyJson({ 'event-data': mergeDeep({ ...data }, payload) }) }
}
