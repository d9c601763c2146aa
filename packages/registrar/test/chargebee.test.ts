import { chargebeeRegistrar } from '../src/chargebee.ts'
import { testRegistrar } from './contract.ts'
import { CHARGEBEE_KEY, startChargebee } from './fakes/chargebee.ts'
import { another, member, off } from './fakes/rows.ts'

testRegistrar('Chargebee', {
  start: () => startChargebee(),
  make: (options, key) => chargebeeRegistrar({ ...options, key, site: 'octo-test' }),
  token: CHARGEBEE_KEY,
  more: another(),
  patterns: ['subscription_created', 'invoice_generated'],
  topics: ['invoice_generated', 'subscription_created'],
  others: ['subscription_created', 'customer_created'],
  apply: { secret: 'postern:a-secret-of-the-receiver' },
  disable: off({ disabled: true }),
  secretOf: (fake, id) =>
    ['username', 'password'].map((part) => member(`basic_auth_${part}`)(fake, id)).join(':'),
})
