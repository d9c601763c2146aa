import { emptyReply, jsonReply, WebhookError } from '@postern/core'
import { mergeDeep, stringifyJson } from '@postern/core/internal'
import { hmac, type EventDraft, type Factory } from '@postern/core/scheme'
import { DAY, FORM_TYPE, JSON_TYPE } from './common/units.ts'
import { field, readsAsForm, jsonField, narrowed, text } from './common/read.ts'
import { sender, type DatedPresetOptions } from './schemes/sender.ts'

/**
 * Slack: Events API, slash commands and interactivity on one route. The signature is HMAC-SHA256 over `v0:time:body`.
 * The topic of an event is its inner type, followed by its subtype (`message.message_changed`; `message` matches too).
 * The topic of a command is the command (`/deploy`). The topic of an interaction is its type, followed by its action or
 * callback id (`block_actions.approve`; `block_actions` matches too). The id is `event_id`, or else `trigger_id`; a
 * `block_suggestion` has no id. The receiver answers a signed `url_verification`. The receiver also answers an
 * `ssl_check`, which may be unsigned, and ignores the rest of that request. Reply with `receiver.answer`.
 *
 * Types: `slack<SlackEvents>({ signingSecret })` with `@postern/providers/types/slack`.
 * https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
export const slack: Factory<DatedPresetOptions<'signingSecret'>> = /* @__PURE__ */ sender({
  name: 'slack',
  title: 'Slack',
  docs: 'https://docs.slack.dev/authentication/verifying-requests-from-slack',
  setup: {
    steps: ['<app>', 'Event Subscriptions', 'Enable Events', 'Request URL'],
    url: 'https://api.slack.com/apps',
    secret: '<app> → Basic Information → Signing Secret',
    docs: 'https://docs.slack.dev/tools/bolt-js/creating-an-app',
  },
  notSecret: [
    [/^xox[a-z](?:\.xox[a-z])?-/, 'a token for the API'],
    [/^xapp-/, 'an app-level token'],
    [/^\d+\.\d+$/, 'the client id'],
  ],
  topics: [
    'app_mention',
    'message.message_changed',
    '/deploy',
    'block_actions.approve',
    'view_submission',
  ],
  handshakes: ['url_verification', 'ssl_check'],
  facts: { challenge: { payload: { type: 'url_verification', challenge: '{text}' } } },
  checked: '2026-11-28',
  delivers: {
    within: 3_000,
    retries: DAY,
    redirect: 'followed',
    after4xx: 'retried',
    givesUp: 'disabled for a time if less than 5 % of 1000 events per hour succeed',
    ok: '2xx',
    source: 'https://docs.slack.dev/apis/events-api/',
    retryHeaders: { 'x-slack-retry-num': '1', 'x-slack-retry-reason': 'http_timeout' },
  },
  hint: "The app's signing secret.",
  formats: ['json', 'form'],
  greets: 'body',
  secret: 'signingSecret',
  covers: { body: 'bytes', id: true, timestamp: true },
  methods: ['POST', 'GET'],
  sign: ({ tolerance }) =>
    hmac({
      header: 'X-Slack-Signature',
      prefix: 'v0=',
      timestampHeader: 'X-Slack-Request-Timestamp',
      tolerance,
      message: 'v0:{time}:{body}',
    }),
  // An `ssl_check` needs no signature, so nothing else in that request may reach a handler.
  greet(delivery) {
    const get = delivery.method === 'GET'
    const form = get ? delivery.query() : readsAsForm(delivery) ? delivery.form() : undefined
    if (form?.get('ssl_check') === '1') return emptyReply()
    if (get)
      throw new WebhookError(
        'method_not_allowed',
        {
          problem: 'wrong_method',
          expected: 'POST, and GET only for ssl_check=1,',
          got: delivery.method,
        },
        { headers: { allow: 'POST' } },
      )
    return undefined
  },
  handshake(_delivery, { kind, value }) {
    if (kind !== 'json' || field(value, 'type') !== 'url_verification') return undefined
    const challenge = text(value, 'challenge')
    if (challenge === undefined)
      throw new WebhookError('handshake_rejected', { problem: 'missing', field: 'challenge' })
    return jsonReply({ challenge })
  },
  events(delivery, body) {
    const { kind, value } = body
    if (kind !== 'form') return [eventOf(value)]
    if (text(value, 'payload') !== undefined)
      return [interactionOf(jsonField(delivery, body, 'payload'))]
    return [{ id: text(value, 'trigger_id'), topic: text(value, 'command') ?? '', payload: value }]
  },
  compose({ topic = 'app_mention', id, at = Date.now(), payload }) {
    const agent = { 'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)' }
    const form = { ...agent, 'content-type': FORM_TYPE }
    const trigger: Record<string, string> = id === undefined ? {} : { trigger_id: id }
    if (topic.startsWith('/')) {
      const command = mergeDeep({ command: topic, text: '', ...trigger }, payload)
      return { headers: form, body: new URLSearchParams(command).toString() }
    }
    const [, type, name] = INTERACTION.exec(topic) ?? []
    if (type !== undefined) {
      const interaction = mergeDeep({ type, ...trigger, ...named(type, name) }, payload)
      return {
        headers: form,
        body: new URLSearchParams({ payload: stringifyJson(interaction) }).toString(),
      }
    }
    const dot = topic.indexOf('.')
    const event =
      dot < 0 ? { type: topic } : { type: topic.slice(0, dot), subtype: topic.slice(dot + 1) }
    const callback = mergeDeep(
      {
        team_id: 'T0000000000',
        api_app_id: 'A0000000000',
        event,
        type: 'event_callback',
        event_id: id ?? `Ev${crypto.randomUUID().slice(0, 8).toUpperCase()}`,
        event_time: Math.floor(at / 1000),
      },
      payload,
    )
    return { headers: { ...agent, 'content-type': JSON_TYPE }, body: stringifyJson(callback) }
  },
})

function eventOf(payload: unknown): EventDraft {
  const id = text(payload, 'event_id')
  const type = text(payload, 'type') ?? ''
  if (type !== 'event_callback') return { id, topic: type, payload }
  const event = field(payload, 'event')
  return { id, payload, ...narrowed(text(event, 'type') ?? '', text(event, 'subtype')) }
}

function interactionOf(payload: unknown): EventDraft {
  const type = text(payload, 'type') ?? ''
  const action = (field(payload, 'actions') as readonly unknown[] | undefined)?.[0]
  const name =
    type === 'block_actions'
      ? text(action, 'action_id')
      : type.startsWith('view_')
        ? text(field(payload, 'view'), 'callback_id')
        : (text(payload, 'callback_id') ?? text(payload, 'action_id'))
  return { id: text(payload, 'trigger_id'), payload, ...narrowed(type, name) }
}

const INTERACTION =
  /^(block_actions|block_suggestion|view_submission|view_closed|shortcut|message_action)(?:\.(.*))?$/s

function named(type: string, name: string | undefined): object {
  if (name === undefined) return {}
  if (type === 'block_actions') return { actions: [{ action_id: name }] }
  if (type.startsWith('view_')) return { view: { callback_id: name } }
  return type === 'block_suggestion' ? { action_id: name } : { callback_id: name }
}
