import type { ApiAnswer, ApiFault } from './common/client-types.ts'
import { createApiCall } from './common/client.ts'
import { defineRegistrar, topicList } from './common/define.ts'
import { mapTopics } from './common/map.ts'
import { checkOptions, bearer, tokenOf, type ApiOptions, type Token } from './common/options.ts'
import { row, asText, texts, type Fields } from './common/read.ts'
import type { RegistrarErrorCode } from './errors.ts'
import type { Mapping, Registrar } from './registrar.ts'
import { SLACK_TOPICS } from './topics/slack.ts'

/** Options of {@link slackRegistrar}. */
export interface SlackRegistrarOptions extends ApiOptions {
  /** An app configuration token (`xoxe.xoxp-…`); it ends after hours, so a function may give a new one. */
  readonly token: Token
  /** The app's id, `A…`. */
  readonly appId: string
  /** The kinds of conversation whose messages the topic `message` stands for. @default [], so that a plan asks */
  readonly messages?: readonly ('channels' | 'groups' | 'im' | 'mpim' | 'app_home')[]
}

/**
 * The event subscription of an app at Slack, by its manifest: the manifest is exported, the URL and the bot's events are
 * put in, everything else stays, and the manifest is updated. Slack asks the URL for a challenge, so the receiver must
 * run. `remove` takes the event subscription out and leaves the app alone. URLs of slash commands and of interactivity,
 * and the scopes that events need, are set by hand. Deliveries are signed with the app's signing secret.
 *
 * API: https://docs.slack.dev/reference/methods/apps.manifest.update, with the types of npm @slack/web-api.
 *
 * @example
 * const registrar = slackRegistrar({ token: process.env.SLACK_CONFIG_TOKEN!, appId: 'A0123456789' })
 * await registrar.apply(await registrar.plan({ url, topics: ['app_mention'] }))
 */
export function slackRegistrar(options: SlackRegistrarOptions): Registrar {
  checkOptions('slackRegistrar', options)
  const { appId } = options
  const token = tokenOf('slackRegistrar: token', options.token)
  const call = createApiCall({
    ...options,
    title: 'Slack',
    api: options.api ?? 'https://slack.com/api',
    headers: bearer(token),
    judge,
  })

  return defineRegistrar({
    provider: 'slack',
    account: `app ${appId}`,
    kind: 'event subscription',
    one: 'account',
    map: (patterns) => mapSlack(patterns, options.messages ?? []),
    warn: () => [
      'each event needs its scope in the manifest: a scope that is missing keeps the event away',
    ],
    async list() {
      const settings = row((await read())['settings'])
      const events = row(settings['event_subscriptions'])
      const url = asText(events['request_url'])
      if (url === '') return []
      const topics = texts(events['bot_events']).toSorted()
      // In socket mode Slack keeps the URL and does not call it.
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

function mapSlack(patterns: readonly string[], kinds: readonly string[]): Mapping {
  const messages = kinds.map((kind) => `message.${kind}`)
  return mapTopics(patterns, {
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
        ? 'say which conversations by the option messages, such as channels'
        : undefined
    },
  })
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

/** Slack's errors come with 200 and `ok: false`. */
function judge({ status, json }: ApiAnswer): ApiFault | undefined {
  const { ok, error, errors } = row(json)
  if (status !== 200 || ok === true) return undefined
  const details = Array.isArray(errors)
    ? errors.map((each) => `${asText(row(each)['message'])} (${asText(row(each)['pointer'])})`)
    : []
  const reason = [asText(error), ...details].join('; ')
  return { code: CODES[asText(error)] ?? 'invalid', reason }
}
