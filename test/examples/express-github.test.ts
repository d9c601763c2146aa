import { github } from '@postern/providers/github'
import { expect, test } from 'vitest'
import { send, startExample } from './example.ts'

const secret = 'it is a secret'

test('express-github prints an opened issue and a push, and rejects what is not signed', async () => {
  const example = await startExample('express-github', { GITHUB_WEBHOOK_SECRET: secret })
  try {
    const url = `http://localhost:${example.port}/webhooks/github`
    const sign = github({ secret }).sign!
    const repository = { full_name: 'acme/shop' }
    const opened = sign({
      url,
      id: '1',
      topic: 'issues.opened',
      payload: { action: 'opened', issue: { number: 7, title: 'Raw bytes' }, repository },
    })
    expect((await send({ ...opened, body: Buffer.from('{}') })).status).toBe(401)
    expect((await send(opened)).status).toBe(200)
    expect(await example.line('acme/shop: issue')).toBe('acme/shop: issue 7, Raw bytes')
    const push = sign({
      url,
      id: '2',
      topic: 'push',
      payload: { ref: 'refs/heads/main', commits: [{}, {}], repository },
    })
    expect((await send(push)).status).toBe(200)
    expect(await example.line('commits')).toBe('acme/shop: 2 commits to refs/heads/main')
    expect(example.lines.filter((line) => line.includes('issue 7'))).toHaveLength(1)
  } finally {
    await example.stop()
  }
})
