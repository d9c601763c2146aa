import { adyenRegistrar } from '../src/adyen.ts'
import { testRegistrar } from './contract.ts'
import { ADYEN_KEY, startAdyen } from './fakes/adyen.ts'

testRegistrar('Adyen', {
  start: () => startAdyen(),
  make: (options, key) => adyenRegistrar({ ...options, api: options.api!, key, merchant: 'Octo' }),
  token: ADYEN_KEY,
  more: (fake, at) => fake.rows.push({ ...fake.rows[0], id: `more-${at}` }),
  url: 'https://app.example/adyen',
  old: 'https://old.example/adyen',
  patterns: ['AUTHORISATION', 'CAPTURE'],
  topics: ['AUTHORISATION', 'CAPTURE'],
  others: ['AUTHORISATION', 'REFUND'],
  apply: { onSecret: () => {} },
  disable: (fake, id) =>
    Object.assign(
      fake.rows.find((each) => each.id === id),
      { active: false },
    ),
  secretOf: (fake, id) => fake.secrets.get(id),
  rotatedBy: 'sender',
})
