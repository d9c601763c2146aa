// Written by `node packages/providers/test/write.ts` from the catalogue of `@postern/providers`.

/** Places of the tokens and passwords of all senders: names of headers and parameters, paths of fields in a body. */
export const SENDER_CREDENTIALS: {
  readonly headers: readonly string[]
  readonly query: readonly string[]
  readonly fields: readonly string[]
} = {
  headers: [
    'authorization',
    'cf-access-jwt-assertion',
    'x-gitlab-token',
    'x-hook-secret',
    'x-telegram-bot-api-secret-token',
    'x-webhook-secret',
  ],
  query: ['access_token', 'code', 'hub.verify_token', 'secret'],
  fields: [
    'Envelope.Body.notifications.SessionId',
    'passcode',
    'validationTokens[]',
    'value[].clientState',
    'verification_token',
  ],
}
