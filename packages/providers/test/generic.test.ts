import { hmac } from '@postern/core/scheme'
import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { generic } from '../src/generic.ts'

const runner = { describe, test }
const draft = { topic: 'thing.created', id: 'evt_1', payload: {} }

interface Kind {
  options: object
  anyCase?: boolean
  secrets?: readonly [string, string]
}
const SECRETS = ['one', 'two'] as const
const kinds: Record<string, Kind> = {
  hmac: { options: { scheme: 'hmac', header: 'X-Signature', prefix: 'sha256=' }, anyCase: true },
  'hmac with a time': {
    options: { scheme: 'hmac', header: 'X-Sig', timestampHeader: 'X-Time', encoding: 'base64' },
  },
  'a scheme value': { options: { scheme: hmac({ header: 'X-Sig', encoding: 'base64url' }) } },
  bearer: { options: { scheme: 'bearer' }, anyCase: true, secrets: ['11', '22'] },
  basic: { options: { scheme: 'basic' }, anyCase: true, secrets: ['a:1', 'b:2'] },
  'header token': { options: { scheme: 'header-token', header: 'X-Token' } },
  'query token': {
    options: { scheme: 'query-token', param: 't', eventIdQuery: 'id', topicHeader: 'X-Topic' },
  },
}
for (const [name, { options, anyCase = false, secrets = SECRETS }] of Object.entries(kinds))
  testProvider(
    {
      name: `generic, ${name}`,
      create: generic,
      secretOption: 'secret',
      sign: { secrets, options: { eventIdField: 'id', ...options }, draft, anyCase },
    },
    runner,
  )
