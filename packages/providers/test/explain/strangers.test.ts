import { explain } from '@postern/core/explain'
import { github, slack } from '@postern/providers'
import { catalogue } from '@postern/providers/catalogue'
import { describe, expect, test } from 'vitest'
import { NOW, sealedBy, SIGNERS } from './sealed.ts'

// Deliveries of these senders have no header of their own, or need more than a secret.
const UNKNOWN = new Set([
  'alertmanager',
  'azure-event-grid',
  'braintree',
  'chargebee',
  'cloudevents',
  'docker-hub',
  'generic',
  'livekit',
  'okta',
  'postmark',
  'wechat',
  'wecom',
])

// These senders sign as GitHub does, in GitHub's header or in a similar one.
const TWINS = new Set(['bitbucket', 'github', 'intercom', 'jira', 'meta', 'websub'])

describe('a delivery that came to the receiver of another sender', () => {
  test.for(SIGNERS.filter((name) => !UNKNOWN.has(name)))(
    'that of %s is recognised, and nobody else is proven',
    { timeout: 60_000 },
    async (name) => {
      const { request, secret } = sealedBy(name, 'stranger')!
      const ours = TWINS.has(name) ? slack({ signingSecret: secret }) : github({ secret })
      const { verdict, findings } = await explain(request, ours, { now: () => NOW, catalogue })
      expect(verdict).toBe('rejected')
      const { title } = catalogue.get(name)!
      const named = findings.filter(({ message }) => message.includes(`comes from ${title}`))
      expect(findings[0]!.cause).toBe('wrong-provider')
      expect(named).toHaveLength(1)
      for (const { cause, certainty, message } of findings)
        if (cause === 'wrong-provider' && certainty === 'proven') expect(message).toContain(title)
    },
  )
})
