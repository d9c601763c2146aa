import { squareRegistrar } from '../src/square.ts'
import { testRegistrar } from './contract.ts'
import { SQUARE_TOKEN, startSquare } from './fakes/square.ts'

testRegistrar('Square', {
  start: () => startSquare(),
  make: (options, token) => squareRegistrar({ ...options, token }),
  token: SQUARE_TOKEN,
  more: (fake, at) => fake.rows.push({ ...fake.rows[0], id: `more-${at}` }),
  url: 'https://app.example/square',
  old: 'https://old.example/square',
  patterns: ['payment.created', 'oauth.authorization.revoked'],
  topics: ['oauth.authorization.revoked', 'payment.created'],
  others: ['payment.created', 'payment.updated'],
  apply: { onSecret: () => {} },
  disable: (fake, id) =>
    Object.assign(
      fake.rows.find((each) => each.id === id),
      { enabled: false },
    ),
  shownSecret: (fake, id) => fake.rows.find((each) => each.id === id).signature_key,
  secretOf: (fake, id) => fake.rows.find((each) => each.id === id).signature_key,
  rotatedBy: 'sender',
})
