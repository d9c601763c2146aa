import { WebhookError } from '@postern/core'
import { hmac, type Factory } from '@postern/core/scheme'
import { field } from './common/read.ts'
import { getChallenge } from './schemes/challenge.ts'
import { sender, type PresetOptions } from './schemes/sender.ts'
import { sampleJson } from './common/paths.ts'

/**
 * Dropbox. The signature is HMAC-SHA256 over the body, in `X-Dropbox-Signature`. The only topic is `list_folder`, and
 * its payload names the accounts that changed. Events have no id, and two different events may have equal bodies. So do
 * not set `dedupe: 'digest'`. List the changes that follow your stored cursor. The receiver answers the unsigned GET of
 * a new webhook with its `challenge`. The signature has no time, so a captured delivery can be replayed. Dropbox
 * expects a 200 within 10 s and retries for about 10 minutes.
 * https://www.dropbox.com/developers/reference/webhooks
 */
export const dropbox: Factory<PresetOptions<'appSecret'>> = /* @__PURE__ */ sender({
  name: 'dropbox',
  title: 'Dropbox',
  docs: 'https://www.dropbox.com/developers/reference/webhooks',
  setup: {
    steps: ['App Console', '<app>', 'Webhooks'],
    url: 'https://www.dropbox.com/developers/apps',
    secret: 'the App secret of the app',
  },
  topics: ['list_folder'],
  facts: { challenge: { query: { challenge: '{text}' } } },
  checked: '2026-11-26',
  delivers: { within: 10_000, retries: 600_000, ok: '200' },
  .../* @__PURE__ */ getChallenge('challenge'),
  secret: 'appSecret',
  ids: false,
  covers: { body: 'bytes' },
  sign: () => hmac({ header: 'X-Dropbox-Signature' }),
  events(_delivery, { value }) {
    if (field(value, 'list_folder') ?? field(value, 'delta'))
      return [{ topic: 'list_folder', payload: value }]
    throw new WebhookError('malformed_event', {
      problem: 'missing',
      field: 'list_folder',
      expected: 'list_folder or delta',
    })
  },
  compose: ({ payload }) => ({
    headers: { 'user-agent': 'DropboxWebhooks/1.0' },
    body: sampleJson({ list_folder: { accounts: ['dbid:1'] } }, payload),
  }),
})
