import { expect, test } from 'vitest'
import { zoom } from '../src/zoom.ts'
import { accepting } from './accepting.ts'

test('a plainToken an event could be signed with is rejected, even signed', async () => {
  const provider = zoom({ secretToken: 'secret-token-1' })
  const { receiver } = accepting(provider)
  for (const plainToken of ['v0:1775000000:{}', 'a b', '', 'x'.repeat(200)]) {
    const body = JSON.stringify({ event: 'endpoint.url_validation', payload: { plainToken } })
    const reply = await receiver.receive(provider.sign!({ body }))
    expect(reply.status).toBe(403)
    expect(String(reply.body)).not.toContain('encryptedToken')
  }
})
