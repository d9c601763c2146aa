import { join } from 'node:path'
import { github } from '@postern/providers/github'
import { expect, test, vi } from 'vitest'
import { root } from '../run/report.ts'
import { removeFolder, temporaryFolder } from '../services/temporary.ts'
import { bundleWorker, startWorkerd } from '../services/workerd.ts'
import { send } from './example.ts'

const secret = 'It’s a Secret to Everybody'

test('cloudflare-github counts an issue once, in the transaction that ends its task', async () => {
  const folder = await temporaryFolder('example-cloudflare')
  const example = await bundleWorker(join(root, 'examples/cloudflare-github/index.ts'))
  // Adds a route that returns the handler's rows, which only the Durable Object can read.
  const code = `${example.replace(/^export \{[^}]*\};?\s*$/m, '')}
class Looked extends Webhooks {
  rows() { return this.ctx.storage.sql.exec('SELECT * FROM opened').toArray() }
}
export { Looked as Webhooks }
export default {
  async fetch(request, env, context) {
    if (new URL(request.url).pathname === '/rows') return Response.json(await env.WEBHOOKS.getByName('postern').rows())
    return cloudflare_github_default.fetch(request, env, context)
  }
}`
  const workerd = await startWorkerd({ folder, code, texts: { GITHUB_WEBHOOK_SECRET: secret } })
  try {
    const payload = { action: 'opened', repository: { full_name: 'a/b' } }
    const url = `${workerd.url}/webhooks/github`
    const delivery = github({ secret }).sign!({ id: 'e1', topic: 'issues.opened', payload, url })
    expect((await send(delivery)).status).toBe(200)
    expect((await send(delivery)).status).toBe(200)
    const forged = github({ secret: 'x' }).sign!({ id: 'e2', topic: 'issues.opened', payload, url })
    expect((await send(forged)).status).toBe(401)
    await vi.waitFor(
      async () => {
        const rows = (await (await fetch(`${workerd.url}/rows`)).json()) as unknown
        expect(rows).toEqual([{ repository: 'a/b', issues: 1 }])
      },
      { timeout: 60_000, interval: 50 },
    )
  } finally {
    await workerd.kill()
    await removeFolder(folder)
  }
})
