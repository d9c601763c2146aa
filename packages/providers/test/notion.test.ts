import { describe, expect, test } from 'vitest'
import { notion } from '../src/notion.ts'
import { deliver } from './deliver.ts'

const body = '{"verification_token":"secret_new"}'

describe('notion', () => {
  test('tells the token of a new subscription, and takes no event before it is in force', async () => {
    const told: string[] = []
    const provider = notion({ onSecret: (token) => void told.push(token) })
    const signer = notion({ verificationToken: 'secret_new' })
    const { statuses } = await deliver(provider, [signer.sign!({ body }), signer.sign!({})])
    expect(statuses).toEqual([200, 401])
    expect(told).toEqual(['secret_new'])
  })

  test('tells nothing that is not signed with itself', async () => {
    const told: string[] = []
    const provider = notion({ onSecret: (token) => void told.push(token) })
    const other = notion({ verificationToken: 'secret_other' }).sign!({ body })
    const unsigned = { url: 'https://example.com/', body }
    expect((await deliver(provider, [other, unsigned])).statuses).toEqual([401, 401])
    expect(told).toEqual([])
  })

  test('fails where the token could not be kept', async () => {
    const provider = notion({ onSecret: () => Promise.reject(new Error('disk full')) })
    const signed = notion({ verificationToken: 'secret_new' }).sign!({ body })
    expect((await deliver(provider, [signed])).statuses).toEqual([500])
  })

  test('rejects a token it does not know where nobody is to be told', async () => {
    const provider = notion({ verificationToken: 'secret_old' })
    const signed = notion({ verificationToken: 'secret_new' }).sign!({ body })
    expect((await deliver(provider, [signed])).statuses).toEqual([401])
  })
})
