import { catalogue } from '@postern/providers'
import { expect, test } from 'vitest'
import { known, shownOf } from './shown.ts'

// Providers whose forms must be shown by the provider itself: a real delivery, its library or its documentation.
const MOST_USED = [
  'stripe',
  'github',
  'slack',
  'shopify',
  'twilio',
  'sendgrid',
  'paypal',
  'discord',
  'gitlab',
  'square',
  'hubspot',
  'mailgun',
  'zoom',
  'linear',
  'intercom',
  'clerk',
  'svix',
  'meta',
  'telegram',
  'standard-webhooks',
]
// Number of providers without independent test vectors when the column was introduced. It must not grow.
const MOST = 49

const transcribed = [...catalogue.values()].filter((entry) => shownOf(entry).transcribed.length > 0)

test.each(MOST_USED)('no form of %s is transcribed', (name) => {
  expect(shownOf(catalogue.get(name)!).transcribed).toEqual([])
  expect(known(name)).not.toEqual([])
})

test('few rows are, and those that are shown have an answer that has the form', () => {
  expect(transcribed.length).toBeLessThanOrEqual(MOST)
  // These forms once caused rejections of genuine deliveries.
  expect(shownOf(catalogue.get('authorize-net')!).shown).toEqual(['prefix sha512='])
  expect(shownOf(catalogue.get('mercado-pago')!).shown).toEqual(['lower case'])
  expect(shownOf(catalogue.get('stream')!).shown).toEqual(['gzip decoded'])
  expect(shownOf(catalogue.get('close')!)).toEqual({ shown: [], transcribed: ['key in hex'] })
})
