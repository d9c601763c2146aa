// Telegram's webhook of a bot, as described at https://core.telegram.org/bots/api#setwebhook.
import { load } from './description.ts'
import { startFake, type Fake, type FakeAnswer } from './fake.ts'

export const TELEGRAM_TOKEN = '123456:fake0123456789fake0123456789'

export async function startTelegram(): Promise<Fake & { webhook(): any }> {
  let webhook: Record<string, any> = { url: '' }
  const error = (status: number, description: string): FakeAnswer => ({
    status,
    json: { ok: false, error_code: status, description },
  })
  const fake = await startFake({
    description: load('telegram'),
    reject: (_headers, path) =>
      path.startsWith(`/bot${TELEGRAM_TOKEN}/`) ? undefined : error(401, 'Unauthorized'),
    invalid: (reason) => error(400, `Bad Request: ${reason}`),
    pathOf: (path) => path.replace(/^\/bot[^/]+/, ''),
    reads: (_method, path) => path === '/getWebhookInfo',
    routes: {
      'POST /getWebhookInfo': () => {
        // Telegram never shows the secret.
        const { secret_token: _secret, ...info } = webhook
        return {
          json: {
            ok: true,
            result: { has_custom_certificate: false, pending_update_count: 0, ...info },
          },
        }
      },
      'POST /setWebhook': ({ body }) => {
        if (!body.url.startsWith('https://'))
          return error(400, 'Bad Request: bad webhook: HTTPS url must be provided')
        if (body.secret_token !== undefined && !/^[\w-]{1,256}$/.test(body.secret_token))
          return error(400, 'Bad Request: secret token contains unallowed characters')
        // A member that is left out is removed.
        webhook = { max_connections: 40, ...body }
        return { json: { ok: true, result: true } }
      },
      'POST /deleteWebhook': () => {
        webhook = { url: '' }
        return { json: { ok: true, result: true } }
      },
    },
  })
  return { ...fake, webhook: () => webhook }
}
