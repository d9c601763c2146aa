// Discord's current application, as described at https://discord.com/developers/docs/resources/application.
import { startFake, type Fake, type FakeAnswer } from './fake.ts'
import { described, object, oneOf } from './schema.ts'

export const DISCORD_TOKEN = 'MTAfake.fake01.fake0123456789fake0123456789'

const TYPES = [
  'APPLICATION_AUTHORIZED',
  'APPLICATION_DEAUTHORIZED',
  'ENTITLEMENT_CREATE',
  'ENTITLEMENT_UPDATE',
  'ENTITLEMENT_DELETE',
  'QUEST_USER_ENROLLMENT',
]

export async function startDiscord(): Promise<Fake & { application(): any }> {
  const application: Record<string, any> = { id: '1', name: 'Octo', event_webhooks_status: 1 }
  const error = (status: number, message: string): FakeAnswer => ({
    status,
    json: { code: 0, message },
  })
  const fake = await startFake({
    ...described('npm discord-api-types 0.38.57, RESTPatchCurrentApplicationJSONBody', 'MIT', {
      'GET /applications/@me': () => ({ json: application }),
      'PATCH /applications/@me': {
        body: object({
          'event_webhooks_url?': { type: ['string', 'null'], pattern: '^https://' },
          'event_webhooks_status?': { enum: [1, 2] },
          'event_webhooks_types?': { type: 'array', items: oneOf(...TYPES) },
        }),
        answer: ({ body }) => ({ json: Object.assign(application, body) }),
      },
    }),
    reject: (headers) =>
      headers.authorization === `Bot ${DISCORD_TOKEN}` &&
      headers['user-agent']?.startsWith('DiscordBot (')
        ? undefined
        : error(401, '401: Unauthorized'),
    invalid: (message) => error(400, message),
  })
  return { ...fake, application: () => application }
}
