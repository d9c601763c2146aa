import type { Draft } from '@postern/core/scheme'

/** Deliveries of the first providers. `options` are those that a provider needs in addition to the secret. */
export const drafts: Readonly<
  Record<string, { readonly draft: Draft; readonly topic: string; readonly options?: object }>
> = {
  github: {
    draft: { id: 'gh1', topic: 'issues.opened', payload: { action: 'opened' } },
    topic: 'issues.opened gh1',
  },
  shopify: {
    draft: { id: 'sh1', topic: 'orders/create', payload: {} },
    topic: 'orders/create sh1',
  },
  stripe: {
    draft: { payload: { id: 'evt_1', object: 'event', type: 'invoice.paid', data: {} } },
    topic: 'invoice.paid evt_1',
  },
  twilio: {
    draft: { id: 'tw1', payload: { MessageSid: 'SM1', SmsStatus: 'received', Body: 'Hällo' } },
    topic: 'received tw1',
  },
  slack: {
    draft: { payload: { type: 'event_callback', event_id: 'Ev1', event: { type: 'app_mention' } } },
    topic: 'app_mention Ev1',
  },
  'standard-webhooks': {
    draft: { id: 'msg_1', payload: { type: 'user.created' } },
    topic: 'user.created msg_1',
  },
  svix: { draft: { id: 'msg_2', payload: { type: 'user.created' } }, topic: 'user.created msg_2' },
  generic: {
    draft: { payload: { id: 'g1', type: 'ping', text: 'gzip and XML are tried apart' } },
    topic: 'ping g1',
    options: { scheme: 'hmac', header: 'x-signature', eventIdField: 'id' },
  },
}

/** Returns the secret of a provider, for both the runtime's receivers and the test. */
export function secretOf(name: string): string {
  return name === 'standard-webhooks' || name === 'svix'
    ? 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    : 'it is a secret'
}
