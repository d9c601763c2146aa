import { paddleRegistrar } from '../src/paddle.ts'
import { testRegistrar } from './contract.ts'
import { PADDLE_KEY, startPaddle } from './fakes/paddle.ts'

testRegistrar('Paddle', {
  start: () => startPaddle(),
  make: (options, key) => paddleRegistrar({ ...options, key }),
  token: PADDLE_KEY,
  more: (fake, at) => fake.rows.push({ ...fake.rows[0], id: `more-${at}` }),
  url: 'https://app.example/paddle',
  old: 'https://old.example/paddle',
  patterns: ['transaction.paid', 'payout.*'],
  topics: ['payout.created', 'payout.paid', 'transaction.paid'],
  others: ['transaction.paid', 'transaction.billed'],
  apply: { onSecret: () => {} },
  shownSecret: (fake, id) => fake.rows.find((each) => each.id === id).endpoint_secret_key,
  disable: (fake, id) =>
    Object.assign(
      fake.rows.find((each) => each.id === id),
      { active: false },
    ),
})
