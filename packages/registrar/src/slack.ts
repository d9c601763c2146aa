import { senderCall, type ApiAnswer, type ApiFault } from './common/client.ts'
import { defineRegistrar, topicList } from './common/define.ts'
import type { TopicNames } from './common/map.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { row, asText, texts, type Fields } from './common/read.ts'
import type { RegistrarErrorCode } from './errors.ts'
import type { Registrar } from './registrar.ts'
import { SLACK_TOPICS } from './topics/slack.ts'

/** Options of {@link slackRegistrar}. */
export interface SlackRegistrarOptions extends ApiOptions {
  /**
   * An app configuration token (`xoxe.xoxp-…`). The token expires after some hours, so give a function that returns the
   * current token.
   */
  readonly token: Token
  /** The app's id, `A…`. */
  readonly appId: string
  /** Kinds of conversation for the topic `message`. @default [], so a plan asks you to choose */
  readonly messages?: readonly ('channels' | 'groups' | 'im' | 'mpim' | 'app_home')[]
}

/**
 * Manages the event subscription of an app at Slack, through its manifest. The registrar exports the manifest, sets the
 * URL and the bot's events, and updates the manifest without any other change. Slack sends a challenge to the URL, so
 * the receiver must run. `remove` removes only the event subscription. Set the URLs of slash commands and
 * interactivity, and the scopes of events, in the app. Slack signs deliveries with the app's signing secret.
 *
 * API: https://docs.slack.dev/reference/methods/apps.manifest.update, and the types in the npm package
 * `@slack/web-api`.
 *
 * @example
 * const registrar = slackRegistrar({ token: process.env.SLACK_CONFIG_TOKEN!, appId: 'A0123456789' })
 * await registrar.apply(await registrar.plan({ url, topics: ['app_mention'] }))
 */
export function slackRegistrar(options: SlackRegistrarOptions): Registrar {
  const { appId } = options
  const call = senderCall('slackRegistrar', options, {
    title: 'Slack',
    api: 'https://slack.com/api',
    judge,
  })

  return defineRegistrar({
    provider: 'slack',
    account: `app ${appId}`,
    kind: 'event subscription',
    one: 'account',
    names: namesOf(options.messages ?? []),
    warn: () => [
      'each event needs its scope in the manifest; Slack does not send an event without its scope',
    ],
    async list() {
      const settings = row((await read())['settings'])
      const events = row(settings['event_subscriptions'])
      const url = asText(events['request_url'])
      if (url === '') return []
      const topics = texts(events['bot_events']).toSorted()
      // In socket mode, Slack keeps the URL but does not deliver to it.
      const enabled = settings['socket_mode_enabled'] !== true
      return [{ id: appId, url, topics, enabled, state: 'active' }]
    },
    async create({ url, topics }) {
      await write((events) => ({ ...events, request_url: url, bot_events: topics }))
      return { id: appId }
    },
    async update(_endpoint, { url, topics }) {
      await write((events) => ({ ...events, request_url: url, bot_events: topics }))
    },
    async delete() {
      await write(() => undefined)
    },
    async enable() {
      await write((events) => events, { socket_mode_enabled: false })
    },
  })

  async function read(): Promise<Fields> {
    const form = new URLSearchParams({ app_id: appId })
    const { json } = await call('POST', '/apps.manifest.export', { form, repeatable: true })
    return row(row(json)['manifest'])
  }

  async function write(
    change: (events: Fields) => Fields | undefined,
    more: Fields = {},
  ): Promise<void> {
    const manifest = await read()
    const { event_subscriptions: events, ...settings } = row(manifest['settings'])
    const changed = change(row(events))
    const next = { ...settings, ...more, ...(changed && { event_subscriptions: changed }) }
    const form = new URLSearchParams({
      app_id: appId,
      manifest: JSON.stringify({ ...manifest, settings: next }),
    })
    await call('POST', '/apps.manifest.update', { form, repeatable: true })
  }
}

const INTERACTIONS =
  /^(block_actions|block_suggestion|view_submission|view_closed|shortcut|message_action)\b/

function namesOf(kinds: readonly string[]): TopicNames {
  const messages = kinds.map((kind) => `message.${kind}`)
  return {
    known: topicList(SLACK_TOPICS).filter(
      (name) => name !== 'message' && name !== 'url_verification',
    ),
    convert(pattern) {
      if (!/^message(\.|$)/.test(pattern) || messages.length === 0) return undefined
      return { names: messages, wider: pattern.includes('.') && !pattern.endsWith('*') }
    },
    manual(pattern) {
      if (pattern.startsWith('/')) return 'set its URL at the slash command in the app'
      if (INTERACTIONS.test(pattern)) return 'set the URL of interactivity in the app'
      const isMessage = /^message(\.(?!channels|groups|im$|mpim|app_home|metadata)|$)/.test(pattern)
      return isMessage && messages.length === 0
        ? 'choose the conversations with the option messages, such as channels'
        : undefined
    },
  }
}

const CODES: Readonly<Record<string, RegistrarErrorCode>> = {
  invalid_auth: 'unauthorized',
  not_authed: 'unauthorized',
  token_expired: 'unauthorized',
  token_revoked: 'unauthorized',
  app_not_eligible: 'forbidden',
  no_permission: 'forbidden',
  app_not_found: 'not_found',
  invalid_app_id: 'not_found',
}

/** Returns the error in an answer. Slack reports errors with status 200 and `ok: false`. */
function judge({ status, json }: ApiAnswer): ApiFault | undefined {
  const { ok, error, errors } = row(json)
  if (status !== 200 || ok === true) return undefined
  const details = Array.isArray(errors)
    ? errors.map((each) => `${asText(row(each)['message'])} (${asText(row(each)['pointer'])})`)
    : []
  const reason = [asText(error), ...details].join('; ')
  return { code: CODES[asText(error)] ?? 'invalid', reason }
}
