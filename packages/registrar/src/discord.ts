import { senderCall } from './common/client.ts'
import { defineRegistrar } from './common/define.ts'
import type { ApiOptions, Token } from './common/options.ts'
import { row, asText, texts, type Fields } from './common/read.ts'
import type { Registrar } from './registrar.ts'

/** Options of {@link discordRegistrar}. */
export interface DiscordRegistrarOptions extends ApiOptions {
  /** The bot's token, which belongs to the application. */
  readonly token: Token
}

/**
 * Manages the webhook events of an application at Discord. Discord sends a signed PING when the URL is set, so the
 * receiver must run. Another receiver's URL is replaced only if `previousUrls` has that URL. Set the URL for
 * interactions in the application's settings. Discord signs deliveries with the application's key.
 *
 * API: https://discord.com/developers/docs/resources/application#edit-current-application, and the types in the npm
 * package `discord-api-types`.
 *
 * @example
 * const registrar = discordRegistrar({ token: process.env.DISCORD_TOKEN! })
 * await registrar.apply(await registrar.plan({ url, topics: ['ENTITLEMENT_CREATE'] }))
 */
export function discordRegistrar(options: DiscordRegistrarOptions): Registrar {
  const call = senderCall('discordRegistrar', options, {
    title: 'Discord',
    api: 'https://discord.com/api/v10',
    headers: (token) => ({
      authorization: `Bot ${token}`,
      'user-agent': 'DiscordBot (postern-registrar, 1)',
    }),
  })

  return defineRegistrar({
    provider: 'discord',
    account: 'application',
    kind: 'event webhook',
    one: 'account',
    names: {
      known: EVENTS,
      manual: (pattern) =>
        INTERACTIONS.test(pattern) ? 'set the URL of interactions in the application' : undefined,
    },
    async list() {
      const { json } = await call('GET', PATH)
      const application = row(json)
      const url = asText(application['event_webhooks_url'])
      if (url === '') return []
      const topics = texts(application['event_webhooks_types']).toSorted()
      const enabled = application['event_webhooks_status'] === ENABLED
      // The state is `active` even if Discord has turned the webhook off. A plan would replace a failed webhook, but
      // `enable` can turn this webhook on again.
      return [{ id: 'application', url, topics, enabled, state: 'active' }]
    },
    async create({ url, topics }) {
      await change({ ...shapeOf(url, topics), event_webhooks_status: ENABLED })
      return { id: 'application' }
    },
    update: (_endpoint, { url, topics }) => change(shapeOf(url, topics)),
    delete: () => change({ event_webhooks_url: null, event_webhooks_status: DISABLED }),
    enable: () => change({ event_webhooks_status: ENABLED }),
  })

  async function change(json: Fields): Promise<void> {
    await call('PATCH', PATH, { json, repeatable: true })
  }
}

const PATH = '/applications/@me'
/** Values of `event_webhooks_status`. A third value, 3, means that Discord turned the webhook off. */
const [DISABLED, ENABLED] = [1, 2]
const EVENTS = [
  'APPLICATION_AUTHORIZED',
  'APPLICATION_DEAUTHORIZED',
  'ENTITLEMENT_CREATE',
  'ENTITLEMENT_DELETE',
  'ENTITLEMENT_UPDATE',
  'QUEST_USER_ENROLLMENT',
]
const INTERACTIONS = /^(APPLICATION_COMMAND|MESSAGE_COMPONENT|MODAL_SUBMIT)/

function shapeOf(url: string, topics: readonly string[]): Fields {
  return { event_webhooks_url: url, event_webhooks_types: topics }
}
