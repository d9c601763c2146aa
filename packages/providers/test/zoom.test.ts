import { expect, test } from 'vitest'
import { zoom } from '../src/zoom.ts'
import { deliver } from './deliver.ts'

test('a plainToken an event could be signed with is rejected, even signed', async () => {
  const provider = zoom({ secretToken: 'secret-token-1' })
  for (const plainToken of ['v0:1775000000:{}', 'a b', '', 'x'.repeat(200)]) {
    const body = JSON.stringify({ event: 'endpoint.url_validation', payload: { plainToken } })
    const { replies } = await deliver(provider, [provider.sign!({ body })])
    expect(replies[0]!.status).toBe(403)
    expect(String(replies[0]!.body)).not.toContain('encryptedToken')
  }
})
