import { testProvider } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import { gitlab } from '../src/gitlab.ts'
import { deliver } from './deliver.ts'

const signing = ['whsec_MDEyMzQ1Njc4OWFiY2RlZg==', 'whsec_ZmVkY2JhOTg3NjU0MzIxMA=='] as const
// The draft has no id, since the header with the id, Idempotency-Key, is not signed.
const signed = { secrets: signing, draft: { topic: 'push', payload: {} } } as const
testProvider({ ...gitlab.about, sign: signed }, { describe, test })

describe('gitlab', () => {
  test('takes the secret token no more once a signing token is in force', async () => {
    const withToken = gitlab({ token: 'mysecret' }).sign!({})
    const both = gitlab({ token: ['mysecret', signing[0]] })
    const withBoth = { ...both.sign!({ secret: signing[0] }) }
    const { statuses, codes } = await deliver(both, [withToken, withBoth])
    expect(statuses).toEqual([401, 200])
    expect(codes).toEqual(['missing_header'])
  })
})
