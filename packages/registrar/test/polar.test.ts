import { polarRegistrar } from '../src/polar.ts'
import { testRegistrar } from './contract.ts'
import { POLAR_TOKEN, startPolar } from './fakes/polar.ts'

testRegistrar('Polar', {
  start: () => startPolar(),
  make: (options, token) => polarRegistrar({ ...options, token }),
  token: POLAR_TOKEN,
  more: (fake, at) => fake.rows.push({ ...fake.rows[0], id: `more-${at}` }),
  url: 'https://app.example/polar',
  old: 'https://old.example/polar',
  patterns: ['order.paid', 'refund.*'],
  topics: ['order.paid', 'refund.created', 'refund.updated'],
  others: ['order.paid', 'order.refunded'],
  apply: { onSecret: () => {} },
  disable: (fake, id) =>
    Object.assign(
      fake.rows.find((each) => each.id === id),
      { enabled: false },
    ),
  shownSecret: (fake, id) => fake.rows.find((each) => each.id === id).secret,
  secretOf: (fake, id) => fake.rows.find((each) => each.id === id).secret,
  rotatedBy: 'sender',
})
