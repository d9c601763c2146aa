import { chargebeeRegistrar } from '../src/chargebee.ts'
import { testRegistrar } from './contract.ts'
import { CHARGEBEE_KEY, startChargebee } from './fakes/chargebee.ts'

testRegistrar('Chargebee', {
  start: () => startChargebee(),
  make: (options, key) => chargebeeRegistrar({ ...options, key, site: 'octo-test' }),
  token: CHARGEBEE_KEY,
  more: (fake, at) => fake.rows.push({ ...fake.rows[0], id: `more-${at}` }),
  url: 'https://app.example/chargebee',
  old: 'https://old.example/chargebee',
  patterns: ['subscription_created', 'invoice_generated'],
  topics: ['invoice_generated', 'subscription_created'],
  others: ['subscription_created', 'customer_created'],
  apply: { secret: 'postern:a-secret-of-the-receiver' },
  disable: (fake, id) =>
    Object.assign(
      fake.rows.find((each) => each.id === id),
      { disabled: true },
    ),
  secretOf(fake, id) {
    const found = fake.rows.find((each) => each.id === id)
    return `${found.basic_auth_username}:${found.basic_auth_password}`
  },
})
