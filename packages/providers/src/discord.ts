import { emptyReply, jsonReply } from '@postern/core'
import { stringifyJson } from '@postern/core/internal'
import { ed25519, type EventDraft, type Factory } from '@postern/core/scheme'
import { JSON_TYPE } from './common/units.ts'
import { field, narrowed, needed, text } from './common/read.ts'
import { sender, type DatedPresetOptions } from './schemes/sender.ts'
import { sampleJson } from './common/paths.ts'

const RETRY_SPAN = 600_000
const INTERACTIONS: readonly (string | undefined)[] = [
  undefined,
  undefined, // PING
  'APPLICATION_COMMAND',
  'MESSAGE_COMPONENT',
  'APPLICATION_COMMAND_AUTOCOMPLETE',
  'MODAL_SUBMIT',
]

/**
 * Discord: interactions and webhook events on one route. The signature is Ed25519 over the time and the body. The topic
 * of an interaction is its type, followed by its command or custom id (`APPLICATION_COMMAND.deploy`;
 * `APPLICATION_COMMAND` matches too). The topic of an event is its type (`ENTITLEMENT_CREATE`). Only interactions have
 * an id. The receiver answers the signed PINGs of interactions and of events. Discord also sends test requests with a
 * wrong signature and expects a 401. Discord expects the response to an interaction within 3 s. Give the response with
 * `receiver.answer`. The reply to an event is a 204. Discord retries events for 10 minutes.
 *
 * Types: `discord<DiscordEvents>({ publicKey })` with `@postern/providers/types/discord`.
 * https://docs.discord.com/developers/interactions/overview
 */
export const discord: Factory<DatedPresetOptions<'publicKey'>> = /* @__PURE__ */ sender({
  name: 'discord',
  title: 'Discord',
  docs: 'https://docs.discord.com/developers/interactions/overview',
  setup: {
    steps: ['<app>', 'General Information', 'Interactions Endpoint URL'],
    url: 'https://discord.com/developers/applications',
    secret: '<app> → General Information → Public Key',
  },
  notSecret: [
    [/^\d{17,20}$/, 'the id of the application'],
    [/^(?:Bot )?[\w-]{24,28}\.[\w-]{6}\.[\w-]{27,}$/, 'the token of the bot'],
  ],
  topics: ['APPLICATION_COMMAND.deploy', 'MESSAGE_COMPONENT.button', 'APPLICATION_AUTHORIZED'],
  handshakes: ['interaction PING', 'event PING'],
  facts: { tolerance: 'none' },
  example: { publicKey: `private:${'9d'.repeat(32)}` },
  checked: '2026-11-26',
  delivers: {
    within: 3_000,
    retries: RETRY_SPAN,
    ok: 'the response of an interaction, 204 for an event',
  },
  hint: "The application's public key, 64 hex digits.",
  secret: 'publicKey',
  covers: { body: 'bytes', id: true, timestamp: true },
  sign: ({ tolerance = 900 }) =>
    ed25519({
      header: 'X-Signature-Ed25519',
      timestampHeader: 'X-Signature-Timestamp',
      tolerance,
      message: '{time}{body}',
    }),
  handshake(_delivery, { value }) {
    if (field(value, 'event') !== undefined) return undefined
    const type = field(value, 'type')
    if (type === 1) return jsonReply({ type: 1 })
    return type === 0 ? { status: 204, headers: { 'content-type': JSON_TYPE } } : undefined
  },
  events: (_delivery, { value }) => [eventOf(value)],
  reply: (result, delivery) =>
    result.kind !== 'rejected' && field(delivery.json(), 'event') ? emptyReply(204) : undefined,
  compose({ topic = 'APPLICATION_COMMAND', id, payload }) {
    const [type = '', name] = topic.split(/\.(.*)/s)
    const kind = INTERACTIONS.indexOf(type)
    if (kind < 0) {
      const event = { type: topic, timestamp: new Date().toISOString(), data: payload ?? {} }
      return { body: stringifyJson({ version: 1, application_id: '1', type: 1, event }) }
    }
    const data = name === undefined ? {} : { [kind % 2 ? 'custom_id' : 'name']: name }
    const fresh = String(Date.now())
    return { body: sampleJson({ id: id ?? fresh, type: kind, data }, payload) }
  },
})

function eventOf(payload: unknown): EventDraft {
  const event = field(payload, 'event')
  if (event !== undefined) return { topic: needed(event, 'type'), payload }
  const type = INTERACTIONS[Number(field(payload, 'type'))] ?? ''
  const data = field(payload, 'data')
  const name = text(data, 'name') ?? text(data, 'custom_id')
  return { id: text(payload, 'id'), ...narrowed(type, name), payload }
}
