import { adyenRegistrar } from '../src/adyen.ts'
import { testRegistrar } from './contract.ts'
import { ADYEN_KEY, startAdyen } from './fakes/adyen.ts'
import { another, off } from './fakes/rows.ts'

testRegistrar('Adyen', {
  start: () => startAdyen(),
  make: (options, key) => adyenRegistrar({ ...options, api: options.api!, key, merchant: 'Octo' }),
  token: ADYEN_KEY,
  more: another(),
  patterns: ['AUTHORISATION', 'CAPTURE'],
  topics: ['AUTHORISATION', 'CAPTURE'],
  others: ['AUTHORISATION', 'REFUND'],
  apply: { onSecret: () => {} },
  disable: off({ active: false }),
  secretOf: (fake, id) => fake.secrets.get(id),
  rotatedBy: 'sender',
})
