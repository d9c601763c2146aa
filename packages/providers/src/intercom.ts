import { emptyReply, type SecretOption } from '@postern/core'
import { hmac, mergeDeep, stringifyJson, type Factory } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { needed, text } from './common/read.ts'

/** Options of {@link intercom}. */
export interface IntercomOptions {
  /** The client secret of the app (Developer Hub, Basic information), not its access token. */
  readonly clientSecret: SecretOption
}

/**
 * Intercom notifications (Canvas Kit signs otherwise and is not covered). HMAC-SHA1 over the body in `X-Hub-Signature`.
 * Topic is `topic` (`conversation.user.created`), id is `id`; a `ping` has none. The HEAD request Intercom may make when the
 * URL is saved gets its 200. Nothing is dated: what was captured is stopped by its id alone, which is signed. Intercom wants
 * its 2xx within 5 s, tries once more after a minute, and takes 410 for the end of the subscription.
 * https://developers.intercom.com/docs/webhooks
 */
export const intercom: Factory<IntercomOptions> = /* @__PURE__ */ provider({
  name: 'intercom',
  title: 'Intercom',
  docs: 'https://developers.intercom.com/docs/webhooks',
  setup: {
    steps: ['Developer Hub', '<app>', 'Configure', 'Webhooks'],
    url: 'https://app.intercom.com/a/apps/_/developer-hub',
    secret: 'the client secret of the app',
    docs: 'https://developers.intercom.com/docs/webhooks/setting-up-webhooks',
  },
  notSecret: [[/^dG9r/, 'an access token']],
  topics: ['conversation.user.created', 'contact.user.created', 'ticket.created', 'ping'],
  handshakes: ['HEAD'],
  facts: {
    checked: '2026-11-28',
    delivers: {
      within: 5_000,
      retries: 60_000,
      givesUp:
        'paused for 15 minutes after 1000 errors, suspended after seven days of errors if the app is private, and ended by a 410',
      ok: '2xx',
      source: 'https://developers.intercom.com/docs/webhooks/webhook-notifications',
    },
  },
  options: {
    clientSecret: 'Client secret of the app.',
  },
  secret: 'clientSecret',
  covers: { body: 'bytes', id: true },
  methods: ['POST', 'HEAD'],
  scheme: () =>
    hmac({
      header: 'X-Hub-Signature',
      algorithm: 'sha1',
      prefix: 'sha1=',
    }),
  greet: ({ method }) => (method === 'HEAD' ? emptyReply() : undefined),
  events: (_delivery, { value }) => [
    { id: text(value, 'id'), topic: needed(value, 'topic'), payload: value },
  ],
  compose: ({ topic = 'conversation.user.created', id, payload }) => ({
    headers: { 'user-agent': 'intercom-webhooks/1.0' },
    body: stringifyJson(
      mergeDeep(
        {
          type: 'notification_event',
          id: id ?? `notif_${crypto.randomUUID()}`,
          topic,
          delivery_attempts: 1,
        },
        payload,
      ),
    ),
  }),
})
