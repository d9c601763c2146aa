import { paddleRegistrar } from '../src/paddle.ts'
import { testRegistrar } from './contract.ts'
import { PADDLE_KEY, startPaddle } from './fakes/paddle.ts'
import { another, member, off } from './fakes/rows.ts'

testRegistrar('Paddle', {
  start: () => startPaddle(),
  make: (options, key) => paddleRegistrar({ ...options, key }),
  token: PADDLE_KEY,
  more: another(),
  patterns: ['transaction.paid', 'payout.*'],
  topics: ['payout.created', 'payout.paid', 'transaction.paid'],
  others: ['transaction.paid', 'transaction.billed'],
  apply: { onSecret: () => {} },
  shownSecret: member('endpoint_secret_key'),
  disable: off({ active: false }),
})
