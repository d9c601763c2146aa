// The one webhook of a GitHub App, as described at https://docs.github.com/en/rest/apps/webhooks.
import { load } from './description.ts'
import { startFake, type Fake } from './fake.ts'
import { GITHUB_TOKEN } from './github.ts'

export async function startGithubApp(): Promise<Fake> {
  const config: Record<string, string> = { content_type: 'form', insecure_ssl: '0' }
  const shown = (): object => ({ ...config, ...(config['secret'] && { secret: '********' }) })
  return startFake({
    description: load('github'),
    reject: ({ authorization }) =>
      authorization === `Bearer ${GITHUB_TOKEN}`
        ? undefined
        : { status: 401, json: { message: 'A JSON web token could not be decoded' } },
    invalid: (reason) => ({ status: 422, json: { message: reason } }),
    routes: {
      'GET /app/hook/config': () => ({ json: shown() }),
      'PATCH /app/hook/config': ({ body }) => {
        Object.assign(config, body)
        return { json: shown() }
      },
    },
  })
}
