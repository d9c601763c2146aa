import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createReceiver, type Receiver } from '@postern/core'
import type { Provider } from '@postern/core/scheme'
import { generic } from '@postern/providers/generic'
import { expect, test } from 'vitest'
import { root } from '../run/report.ts'

interface AzureFunction {
  readonly authLevel: string
  handler(request: object): Promise<{ readonly status: number; readonly body: string }>
}

const page = readFileSync(join(root, 'packages/core/guides/hosts.md'), 'utf8')

function received(): { provider: Provider; receiver: Receiver; seen: readonly unknown[] } {
  const provider = generic({ secret: 'a secret', scheme: 'hmac', header: 'X-Signature' })
  const seen: unknown[] = []
  const receiver = createReceiver({ provider, log: false }).onAny(
    ({ payload }) => void seen.push(payload),
  )
  return { provider, receiver, seen }
}

test('the lines for Azure Functions take the request of its documentation, byte for byte', async () => {
  const { provider, receiver, seen } = received()
  const [, lines] = /import \{ app \} from '@azure\/functions'\n(.+?)```/s.exec(page)!
  const made: AzureFunction[] = []
  const app = { http: (_name: string, options: AzureFunction) => void made.push(options) }
  // Runs the lines of the documentation page.
  // oxlint-disable-next-line typescript/no-implied-eval
  new Function('app', 'receiver', lines!)(app, receiver)
  const { url, method, headers, body } = provider.sign!({
    payload: { a: 'é' },
    url: 'https://app.example/api/github',
  })
  const ask = (bytes: Uint8Array): ReturnType<AzureFunction['handler']> =>
    // Has the members of HttpRequest in @azure/functions 4 that the route reads: url, headers and body.
    made[0]!.handler({
      url,
      method,
      headers: new Headers({ ...headers }),
      body: new Blob([Uint8Array.from(bytes)]).stream(),
    })
  expect(made[0]!.authLevel).toBe('anonymous')
  expect((await ask(body)).status).toBe(200)
  expect((await ask(Buffer.from('{}'))).status).toBe(401)
  await receiver.close()
  expect(seen).toEqual([{ a: 'é' }])
})

test('the line for Vercel takes a request as its proxy hands it on, with the query of the bypass', async () => {
  const { provider, receiver, seen } = received()
  const [, line] = /\| Vercel \|.*`export default (.+?)` \|/.exec(page)!
  // Runs the line of the documentation page, without its types.
  // oxlint-disable-next-line typescript/no-implied-eval
  const made = new Function('receiver', `return ${line!.replace(': Request', '')}`)(receiver) as {
    fetch(request: Request): Promise<Response>
  }
  const { method, headers, body } = provider.sign!({ payload: { a: 'é' } })
  const ask = (bytes: Uint8Array): Promise<Response> =>
    made.fetch(
      new Request('https://app.example/api/hook?x-vercel-protection-bypass=a-token', {
        method,
        headers: { ...headers, 'x-forwarded-host': 'app.example', 'x-vercel-id': 'fra1::1' },
        body: Uint8Array.from(bytes),
      }),
    )
  expect((await ask(body)).status).toBe(200)
  expect((await ask(Buffer.from('{}'))).status).toBe(401)
  await receiver.close()
  expect(seen).toEqual([{ a: 'é' }])
})
